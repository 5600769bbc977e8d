"""The program itself, in a process of its own."""
