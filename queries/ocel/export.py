"""The export: records, links and exceptions in, then what only the whole log can say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from queries.errors import StoreError, sqlite_folder
from queries.exceptions import titles
from queries.findings import entity_of_engagements
from queries.ocel.exceptions import add_exceptions
from queries.ocel.file import Log, written
from queries.ocel.model import ENGAGEMENT, SHARED, START, camel, object_id
from queries.ocel.records import MEMBER, SUGGESTED, add_billed_time, add_links, add_records
from queries.ocel.scope import Scope

_SHARED = ", ".join(f"'{camel(kind)}'" for kind in SHARED)
#: everything of the scope refers to, directly or through others; a credit note comes with what it credits
_REACHED = f"""
CREATE TEMP TABLE reached AS
WITH RECURSIVE reached (id) AS (
  SELECT ocel_id FROM object WHERE ocel_type NOT IN ({_SHARED})
  UNION SELECT ocel_target_id FROM object_object JOIN reached ON ocel_source_id = id
  UNION SELECT ocel_source_id FROM object_object JOIN reached ON ocel_target_id = id
    WHERE ocel_qualifier = 'credits'
) SELECT id FROM reached
"""
_THERE = "EXISTS (SELECT 1 FROM object WHERE object.ocel_id = {})"
#: the reference of a relation, without the method that stands behind it
_NAME = "substr(r.ocel_qualifier, 1, instr(r.ocel_qualifier || ' ', ' ') - 1)"
#: an event is about what its record refers to, but for the line that billed it afterwards; a document
#: is about its lines too, and about all that these refer to. Engagements are known already: to look
#: through the members of one for each of its events would take the square of its size
_TOUCHED = f"""
INSERT OR IGNORE INTO event_object
SELECT e.ocel_event_id, r.ocel_target_id, {_NAME}
  FROM event_object e JOIN object_object r ON r.ocel_source_id = e.ocel_object_id
  WHERE e.ocel_qualifier NOT IN ('{ENGAGEMENT}', 'subject', 'contract_line', 'root')
    AND r.ocel_qualifier <> 'invoice_line' AND r.ocel_qualifier NOT LIKE '{SUGGESTED} %'
UNION ALL
SELECT e.ocel_event_id, l.ocel_source_id, 'invoice_line'
  FROM event_object e
  JOIN object_object l ON l.ocel_target_id = e.ocel_object_id AND l.ocel_qualifier = 'invoice'
  WHERE e.ocel_qualifier = 'invoice'
UNION ALL
SELECT e.ocel_event_id, r.ocel_target_id, {_NAME}
  FROM event_object e
  JOIN object_object l ON l.ocel_target_id = e.ocel_object_id AND l.ocel_qualifier = 'invoice'
  JOIN object_object r ON r.ocel_source_id = l.ocel_source_id
  WHERE e.ocel_qualifier = 'invoice'
UNION ALL
SELECT e.ocel_event_id, m.ocel_source_id, '{ENGAGEMENT}'
  FROM event_object e
  JOIN object_object l ON l.ocel_target_id = e.ocel_object_id AND l.ocel_qualifier = 'invoice'
  JOIN object_object m ON m.ocel_target_id = l.ocel_source_id AND m.ocel_qualifier = '{MEMBER}'
  WHERE e.ocel_qualifier = 'invoice'
"""
_PIECE = 500


class Exported(NamedTuple):
    """What a log holds; ``unknown`` references lead to what it does not hold: they were left out."""

    events: int
    objects: int
    event_objects: int
    object_objects: int
    unknown: int


def export(connection: Connection, target: Path, scope: Scope, *, force: bool = False) -> Exported:
    """Write the log of a scope to a file; memory does not grow with it.

    Raises StoreError when the scope is empty or the file must not or cannot be written.
    """
    _refuse_store(connection, target)
    with written(target, force=force) as log:
        add_records(connection, log, scope)
        add_links(connection, log, scope)
        add_billed_time(connection, log, scope)
        add_exceptions(connection, log, scope)
        log.database.execute("CREATE INDEX object_object_target ON object_object (ocel_target_id)")
        if not scope.whole:
            _leave_out(log, scope)
        _add_engagements(connection, log)
        unknown = _settle(log)
        events, objects = log.count("event"), log.count("object")
        touched, related = log.count("event_object"), log.count("object_object")
        log.database.execute("COMMIT")
        if not scope.whole:
            log.database.execute("VACUUM")
    return Exported(events, objects, touched, related, unknown)


def _refuse_store(connection: Connection, target: Path) -> None:
    folder, name = sqlite_folder(connection.engine.url), connection.engine.url.database
    if folder is not None and (folder / Path(name or "").name).resolve() == target.resolve():
        raise StoreError(f"{target} is the store itself", remedy="name another file in --out")


def _leave_out(log: Log, scope: Scope) -> None:
    """Records that no engagement owns and nothing of the scope needs."""
    database = log.database
    database.execute(_REACHED)
    database.execute("CREATE UNIQUE INDEX temp.reached_id ON reached (id)")
    database.execute(
        f"DELETE FROM object WHERE ocel_type IN ({_SHARED}) AND ocel_id NOT IN (SELECT id FROM reached)"
    )
    for kind in SHARED:
        table = f"object_{camel(kind)}"
        database.execute(f"DELETE FROM {table} WHERE NOT {_THERE.format(f'{table}.ocel_id')}")
    if not log.count("object"):
        remedy = "name an engagement as `sightglass trace ANY_ID` writes it, or a legal entity by its code"
        raise StoreError(f"nothing is known of {scope}", remedy=remedy)


def _add_engagements(connection: Connection, log: Log) -> None:
    """The engagements that records of the log belong to."""
    for names in _engagements(log):
        called, entities = titles(connection, names), entity_of_engagements(connection, names)
        for name in names:
            values = [called.get(name), entities.get(name)]
            log.object(ENGAGEMENT, object_id(ENGAGEMENT, name), START, values)
        log.flush()


def _engagements(log: Log) -> Iterator[list[str]]:
    after = ""
    while True:
        found = log.database.execute(
            "SELECT DISTINCT ocel_source_id FROM object_object "
            "WHERE ocel_qualifier = ? AND ocel_source_id > ? ORDER BY ocel_source_id LIMIT ?",
            (MEMBER, after, _PIECE),
        ).fetchall()
        if not found:
            return
        yield [name.removeprefix(f"{ENGAGEMENT}:") for (name,) in found]
        after = found[-1][0]


def _settle(log: Log) -> int:
    """Let go of what leads nowhere, then tell each event all it is about; how many relations went."""
    database = log.database
    database.execute(f"DELETE FROM object_object WHERE NOT {_THERE.format('ocel_source_id')}")
    unknown = database.execute(
        f"DELETE FROM object_object WHERE NOT {_THERE.format('ocel_target_id')}"
    ).rowcount
    database.execute(f"DELETE FROM event_object WHERE NOT {_THERE.format('ocel_object_id')}")
    database.execute(
        "DELETE FROM event WHERE NOT EXISTS (SELECT 1 FROM event_object WHERE ocel_event_id = event.ocel_id)"
    )
    for (table,) in database.execute("SELECT 'event_' || ocel_type_map FROM event_map_type").fetchall():
        there = f"SELECT 1 FROM event WHERE event.ocel_id = {table}.ocel_id"
        database.execute(f"DELETE FROM {table} WHERE NOT EXISTS ({there})")
    database.execute(_TOUCHED)
    return unknown
