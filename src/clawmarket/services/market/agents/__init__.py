"""Who the agents are: registering, profiles, presence, endpoints, browsing, cards, figures."""
