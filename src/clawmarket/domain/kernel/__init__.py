"""Words that every other part of the domain stands on."""
