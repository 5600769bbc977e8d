"""Moves: what calls do to the money of whoever calls."""
