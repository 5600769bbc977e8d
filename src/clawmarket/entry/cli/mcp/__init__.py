"""The market as an MCP server of this machine."""
