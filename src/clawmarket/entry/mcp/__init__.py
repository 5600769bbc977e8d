"""The market as an MCP server."""
