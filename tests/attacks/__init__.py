"""What a hostile party tries, and what it gets."""
