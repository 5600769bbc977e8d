"""Claiming: take a task at once, step back, see what is yours, write to the other side."""
