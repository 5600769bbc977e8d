"""Rails: the memory twin. Vendors come beside it."""
