"""`doctor`: what could be wrong here, check by check."""
