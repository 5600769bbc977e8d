"""Access: sessions that wallets and keys opened, and keys that replace themselves."""
