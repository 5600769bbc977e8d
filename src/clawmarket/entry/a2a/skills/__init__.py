"""The skills that the card names, each one call or a few of the market."""
