"""What the pages say, in each language: one catalog a language, amounts and moments for people."""
