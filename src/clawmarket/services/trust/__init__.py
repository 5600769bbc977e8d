"""Identity, records, the log and receipts."""
