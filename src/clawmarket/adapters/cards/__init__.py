"""Cards of agents: fetched by HTTP, or from memory."""
