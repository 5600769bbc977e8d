"""Who the agents are: profiles, presence, endpoints, and what their past orders say of them."""
