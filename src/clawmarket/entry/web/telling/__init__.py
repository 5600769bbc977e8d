"""What pages tell of orders and accounts: where the money is, what happened, in words and shapes."""
