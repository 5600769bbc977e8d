"""The only lists: methods, probes and what is derived from them."""
