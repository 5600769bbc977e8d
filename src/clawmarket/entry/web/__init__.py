"""The market's pages for people: every one asks the registry's methods and holds no rule."""
