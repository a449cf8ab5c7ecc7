"""Which subjects cannot be judged because a row about them lies in quarantine."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from queries.engagements import Key, engagements_of
from queries.records import NODE_KINDS, REFERENCES
from queries.schema import reject
from queries.write import rows_by

Name = tuple[str, str, str]


@dataclass(slots=True)
class Blocked:
    """Subjects, contract lines and engagements that quarantined rows name; how many rows name nothing."""

    subjects: dict[Name, str] = field(default_factory=dict)
    engagements: dict[str, list[tuple[frozenset[str], str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    lines: dict[str, str] = field(default_factory=dict)
    unreadable: int = 0

    def reason(
        self, subject: Iterable[Name], contract_line: str, engagement: str, subject_kind: str
    ) -> str | None:
        """Why a subject is unknown; a row that names a subject of that kind speaks for no other one."""
        for name in subject:
            if name in self.subjects:
                return self.subjects[name]
        if contract_line in self.lines:
            return self.lines[contract_line]
        for kinds, why in self.engagements.get(engagement, []):
            if subject_kind not in kinds and "contract_line" not in kinds:
                return why
        return None


def blocked_subjects(connection: Connection, kinds: Sequence[str]) -> Blocked:
    """What the open rejects of these kinds of record make unknown."""
    found = Blocked()
    query = (
        select(reject).where(reject.c.resolved_at.is_(None), reject.c.kind.in_(kinds)).order_by(reject.c.id)
    )
    for row in connection.execute(query):
        names = {(kind, system, identifier) for kind, system, identifier in json.loads(row.names)}
        names |= _stored_names(connection, row.kind, row.system, row.record_id)
        why = f"a {row.kind} row of {row.system}/{row.stream} lies in quarantine: {row.reason}"
        if not names:
            found.unreadable += 1
            continue
        found.subjects |= dict.fromkeys(names, why)
        found.lines |= {identifier: why for kind, _, identifier in names if kind == "contract_line"}
        keys = [Key(*name) for name in names if name[0] in NODE_KINDS]
        for engagement in set(engagements_of(connection, keys).values()):
            found.engagements[engagement].append((frozenset(name[0] for name in names), why))
    return found


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
