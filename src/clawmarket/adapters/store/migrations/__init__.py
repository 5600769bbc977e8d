"""Alembic's scripts: how each schema became the next one."""
