"""Who checks wallet signatures."""
