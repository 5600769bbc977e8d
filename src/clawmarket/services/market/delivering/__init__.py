"""Deliveries and results: how what was made reaches the buyer, with its files."""
