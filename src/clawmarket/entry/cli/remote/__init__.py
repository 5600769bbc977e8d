"""The market as the command line reaches it: over HTTP, as whoever is signed in."""
