"""What is true and what may happen next; pure, without clock, randomness or I/O."""
