"""Migrations, run from inside the package."""

from __future__ import annotations

import logging

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def migrate(connection: Connection) -> None:
    """Bring the ledger behind `connection` to the newest version, within its transaction."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", "ofrecord_kit.ledger:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
