"""What pages tell of orders and accounts, in words and shapes."""
