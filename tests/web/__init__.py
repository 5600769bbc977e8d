"""The pages, on a real server, in a real browser."""
