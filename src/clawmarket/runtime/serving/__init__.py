"""The HTTP server: what it listens with, and how long and how much it takes."""
