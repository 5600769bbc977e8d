"""Whole deals, from the demand to the receipt."""
