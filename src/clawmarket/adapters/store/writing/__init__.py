"""How many commands become one durable transaction: groups, what waits, what is in mind."""
