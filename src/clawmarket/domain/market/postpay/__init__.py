"""Pay afterwards: trust between two accounts, tabs, metered use and their books."""
