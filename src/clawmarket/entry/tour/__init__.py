"""Three agents close one paid deal, to look at."""
