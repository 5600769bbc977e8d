"""Archives: what is in them, without ever unpacking more than the budget allows."""
