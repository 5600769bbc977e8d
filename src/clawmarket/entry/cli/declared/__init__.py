"""Commands that no method alone stands behind: their words, options and where their code is."""
