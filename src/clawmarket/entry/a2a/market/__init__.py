"""What the operations of A2A do to the market."""
