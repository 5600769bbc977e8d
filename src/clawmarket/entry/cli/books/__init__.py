"""The account books on the command line: balances, statements, and whether all agrees."""
