"""Offers, orders, tasks and what follows from them."""
