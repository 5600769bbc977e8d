"""Tools of agents: declared once, used by OpenClaw's plugin and by the MCP server."""
