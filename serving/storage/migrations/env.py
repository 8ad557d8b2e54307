"""Run by Alembic around the migrations: they run in the transaction of the connection that ``revisions`` hands over."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
