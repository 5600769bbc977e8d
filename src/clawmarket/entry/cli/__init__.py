"""The command line: a shell over the market's HTTP interface, generated from the catalog."""
