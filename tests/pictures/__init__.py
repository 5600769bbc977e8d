"""`make pictures`: every page, taken with Chromium from a market with a month of trade."""
