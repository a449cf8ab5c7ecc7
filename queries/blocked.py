"""Which subjects cannot be judged because a row about them lies in quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, select

from queries.engagements import engagements_of
from queries.keys import Key
from queries.records import NODE_KINDS, REFERENCES
from queries.schema import reject
from queries.write import rows_by

Name = tuple[str, str, str]


class _Row(NamedTuple):
    """One quarantined row: whom it names, whose engagements those are in, and what is wrong with it."""

    names: frozenset[Name]
    engagements: frozenset[str]
    why: str

    def is_about(self, subject: Name, contract_line: str, engagement: str) -> bool:
        """By the most precise thing it names: a subject, else a contract line, else the engagement."""
        if subject in self.names:
            return True
        if engagement not in self.engagements or any(kind == subject[0] for kind, _, _ in self.names):
            return False
        lines = {identifier for kind, _, identifier in self.names if kind == "contract_line"}
        return contract_line in lines if lines else True


@dataclass(slots=True)
class Blocked:
    """What the open rejects make unknown; ``unreadable`` counts those that name nothing we know."""

    rows: list[_Row] = field(default_factory=list)
    unreadable: int = 0

    def reason(self, subject: Name, contract_line: str, engagement: str) -> str | None:
        """Why a subject cannot be judged, if it cannot."""
        return next((row.why for row in self.rows if row.is_about(subject, contract_line, engagement)), None)


def blocked_subjects(connection: Connection, kinds: Sequence[str]) -> Blocked:
    """What the open rejects of these kinds of record make unknown."""
    found = Blocked()
    query = (
        select(reject).where(reject.c.resolved_at.is_(None), reject.c.kind.in_(kinds)).order_by(reject.c.id)
    )
    for row in connection.execute(query):
        names = {(kind, system, identifier) for kind, system, identifier in json.loads(row.names)}
        names |= _stored_names(connection, row.kind, row.system, row.record_id)
        names |= _same_projects(connection, names)
        keys = [Key(*name) for name in names if name[0] in NODE_KINDS]
        engagements = frozenset(engagements_of(connection, keys).values())
        if not engagements:
            found.unreadable += 1
            continue
        why = f"a {row.kind} row of {row.system}/{row.stream} lies in quarantine: {row.reason}"
        found.rows.append(_Row(frozenset(names), engagements, why))
    return found


def _same_projects(connection: Connection, names: Iterable[Name]) -> set[Name]:
    """The projects that named views stand for: a row of the ERP names the ERP's own view."""
    views = sorted((system, identifier) for kind, system, identifier in names if kind == "project")
    rows = rows_by(connection, "project", ("project_system", "project_id"), ("system", "id"), views)
    return {("project", system, identifier) for system, identifier in rows if identifier is not None}


def _stored_names(connection: Connection, kind: str, system: str, record_id: str | None) -> set[Name]:
    """What an earlier version of the same record named: a broken update is about the same things."""
    if record_id is None:
        return set()
    own: set[Name] = {(kind, system, record_id)} if kind in NODE_KINDS else set()
    references = [(name, to) for name, to in REFERENCES[kind].items() if to in NODE_KINDS]
    if not references:
        return own
    columns = [column for name, _ in references for column in (f"{name}_system", f"{name}_id")]
    for row in rows_by(connection, kind, columns, ("system", "id"), [(system, record_id)]):
        pairs = zip(references, row[::2], row[1::2], strict=True)
        own |= {(to, at, identifier) for (_, to), at, identifier in pairs if identifier is not None}
    return own
