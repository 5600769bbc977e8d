"""What the market's answers look like, and how they are made from the domain's rows."""
