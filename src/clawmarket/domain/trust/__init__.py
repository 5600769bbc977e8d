"""Who said what, and whether it can be proven."""
