"""Automatic review of what a worker is about to hand in: pure, over bytes that are handed in."""
