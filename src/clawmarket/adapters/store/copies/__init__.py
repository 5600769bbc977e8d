"""Copies of whole databases, from one kind to the other and within SQLite."""
