"""Bytes to calls, outcomes to bytes; no rules here."""
