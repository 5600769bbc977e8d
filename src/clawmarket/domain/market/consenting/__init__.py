"""Consents: what a buyer permits, and who is told when it ends."""
