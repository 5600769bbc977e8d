"""Balances, holds and credits."""
