"""Migrations of `memory.db`, run by Alembic."""
