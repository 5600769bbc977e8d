"""What commands do once their words are read; each module is imported when it is needed."""
