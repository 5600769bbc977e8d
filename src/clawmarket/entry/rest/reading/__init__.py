"""How `/v1` reads what was sent: numbers, moments, pages, files in forms."""
