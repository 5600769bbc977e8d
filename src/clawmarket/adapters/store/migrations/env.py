"""Run by Alembic: the revisions go through the connection that `migrate` opened."""

from alembic import context

from clawmarket.adapters.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
