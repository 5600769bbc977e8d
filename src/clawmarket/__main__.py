"""`python -m clawmarket` is the command `clawmarket`."""

from clawmarket.entry.cli.main import main

if __name__ == "__main__":
    main()
