"""Billing: what an account lets its agents spend, what they used, and how it is paid."""
