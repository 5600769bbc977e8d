"""Backups of a home: taken while it runs, checked anywhere, restored somewhere else."""
