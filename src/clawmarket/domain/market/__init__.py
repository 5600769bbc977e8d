"""What people agree."""
