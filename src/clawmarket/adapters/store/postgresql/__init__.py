"""A market's rows on a PostgreSQL server: connections, turns, rows, what waits to be written."""
