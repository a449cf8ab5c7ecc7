"""${message[:1].upper() + message[1:]}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """From ${down_revision or "an empty database"} to ${up_revision}."""
    ${"\n".join(line for line in upgrades.splitlines() if "# ###" not in line).strip()}
