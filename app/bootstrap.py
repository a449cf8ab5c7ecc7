"""The composition root: settings in, wired parts out. Nothing else joins collectors with metrics."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from app import settings as config
from app.close_rules import close_rules
from app.crosswalk import CrosswalkFile
from app.settings import Settings, SystemCommon
from collectors.contract import Stream
from collectors.discovery import systems
from collectors.errors import ConfigError, FatalError
from collectors.runner import Configured, Outcome, Runner, connected
from metrics.check import checks
from metrics.evaluate import evaluate
from metrics.rules import Rules, Threshold
from metrics.severity import Materiality
from queries import polls
from queries.errors import StoreError
from queries.identity import HOME_ROLES
from queries.ingest import relink
from queries.records import KINDS, REFERENCES
from queries.rows import Source
from queries.store import migrate, open_engine, writing
from queries.types import to_minor

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """A running Sightglass without its processes: the store, the systems, the rules."""

    settings: Settings
    engine: Engine
    systems: tuple[Configured, ...]
    streams: dict[str, tuple[Stream, ...]]
    rules: Rules
    crosswalk: CrosswalkFile | None = None

    def now(self) -> datetime:
        """The time, stopped where the configuration says so."""
        return config.now(self.settings)

    def judge(
        self,
        connection: Connection,
        touched: set[str],
        now: datetime,
        kind: str | None = None,
        moved: AbstractSet[str] = frozenset(),
    ) -> None:
        """What happens to engagements a batch (of one kind) touched, in the batch's own transaction."""
        evaluate(connection, touched, now, self.rules, kind, moved)

    def read_crosswalk(self) -> None:
        """Follow the crosswalk file where it changed; raises ConfigError for one that cannot be read."""
        if self.crosswalk is None:
            return
        now = self.now()
        with writing(self.engine) as connection:
            touched = self.crosswalk.apply(connection, now)
            if touched:
                self.judge(connection, touched, now)

    def runner(self) -> Runner:
        """The poller of this process; where the firm's time runs faster than ours, its pauses are shorter."""
        holder, speed = f"{socket.gethostname()}:{os.getpid()}", config.speed(self.settings)
        return Runner(self.engine, self.now, self.judge, holder, lambda wait: time.sleep(wait / speed))

    def poll(self, names: tuple[str, ...] = ()) -> Iterator[Outcome]:
        """One pass over every stream of these systems (none named: all): what others refer to comes first."""
        runner = self.runner()
        chosen = [c for c in self.systems if not names or c.name in names]
        work = [(c, stream) for c in chosen for stream in self.streams[c.name]]
        with ExitStack() as stack:
            ways = {c.name: stack.enter_context(connected(c)) for c in chosen}
            for one, stream in sorted(work, key=lambda pair: _place(pair[1].kind)):
                yield runner.poll(one, stream, ways[one.name])
        with writing(self.engine) as connection:
            self.judge(connection, set(), self.now())


#: any order comes to the same; this one opens the fewest items that the next stream would close again
_ORDER = (
    "legal_entity", "customer", "resource", "period", "fx_rate", "opportunity", "contract", "contract_line",
    "project", "milestone", "billing_event", "invoice", "invoice_line", "time_entry",
)  # fmt: skip


def _place(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def build(path: Path | None) -> App:
    """Everything wired from a configuration file, the store migrated and told of the streams."""
    settings = config.load(path)
    rules = _rules(settings)
    close_rules(settings)
    systems_ = tuple(configured(settings, name, common) for name, common in settings.systems.items())
    streams = {one.name: _streams(one) for one in systems_}
    roles = {one.name: one.roles for one in systems_}
    last_word = settings.identity.roles()
    systems_ = tuple(_with_references(one, streams, roles, last_word) for one in systems_)
    engine = open_engine(config.store_url(settings))
    try:
        migrate(engine)
    except StoreError as error:
        raise ConfigError(str(error)) from error
    _register(engine, systems_, streams)
    app = App(settings, engine, systems_, streams, rules, crosswalk_file(settings))
    if app.crosswalk is None:
        _forget_crosswalk(app)
    app.read_crosswalk()
    return app


def crosswalk_file(settings: Settings) -> CrosswalkFile | None:
    """The crosswalk file that is configured."""
    path = settings.identity.crosswalk
    return None if path is None else CrosswalkFile(settings.folder / path, frozenset(settings.systems))


def _forget_crosswalk(app: App) -> None:
    """Take back what an earlier crosswalk filled, once none is configured any more."""
    now = app.now()
    with writing(app.engine) as connection:
        touched = relink(connection, (), now)
        if touched:
            app.judge(connection, touched, now)


def _rules(settings: Settings) -> Rules:
    known = checks()
    for key in settings.checks:
        if key not in known:
            raise ConfigError(f"checks.{key}: no such check", remedy=f"use one of {', '.join(known)}")
    thresholds = {
        key: Threshold(
            known[key].watch if table.watch is None else table.watch,
            known[key].act if table.act is None else table.act,
            table.owner or known[key].acts,
        )
        for key, table in settings.checks.items()
    }
    money, currency = settings.money, settings.money.reporting_currency
    materiality = Materiality(
        to_minor(money.large, currency) if currency else Materiality().large,
        to_minor(money.notable, currency) if currency else Materiality().notable,
    )
    return Rules(
        thresholds,
        frozenset(key for key, table in settings.checks.items() if not table.enabled),
        {entity: frozenset(table.days_off) for entity, table in settings.calendar.items()},
        currency,
        money.rate_type,
        materiality,
    )


def configured(settings: Settings, name: str, common: SystemCommon) -> Configured:
    """One system as the file describes it; raises ConfigError naming the key that cannot be."""
    system = systems().get(common.kind)
    if system is None:
        raise ConfigError(
            f"systems.{name}.kind: {common.kind!r} is unknown", remedy=f"use one of {', '.join(systems())}"
        )
    try:
        own = system.settings.model_validate(_anchored(system.settings, common.options, settings.folder))
    except ValidationError as error:
        text = config.describe(error, f"systems.{name}.")
        raise ConfigError(text, remedy=f"docs/systems.md lists the keys of kind {common.kind!r}") from error
    source = Source(name, dict(common.references), dict(common.legal_entity_map))
    freshness = common.freshness or (timedelta(hours=24) if common.kind == "files" else 3 * common.interval)
    return Configured(
        name, system, own, source, common.roles, common.legal_entities, common.interval, freshness
    )


def _anchored(model: Any, options: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths of a system's settings lie beside the configuration file."""
    found = dict(options)
    for key, field in model.model_fields.items():
        if "pathlib" in str(field.annotation) and isinstance(found.get(key), str):
            found[key] = folder / found[key]
    if isinstance(found.get("auth"), dict):
        found["auth"] = {
            key: folder / value if key.endswith("_file") and isinstance(value, str) else value
            for key, value in found["auth"].items()
        }
    return found


def _streams(configured: Configured) -> tuple[Stream, ...]:
    try:
        with connected(configured) as connection:
            return tuple(connection.streams())
    except FatalError as error:
        # the other systems are read all the same; what needs this one is unknown until it can be
        _LOG.warning("%s has nothing to read: %s", configured.name, error)
        return ()


def _with_references(
    configured: Configured,
    streams: dict[str, tuple[Stream, ...]],
    roles: dict[str, tuple[str, ...]],
    last_word: Mapping[str, str],
) -> Configured:
    """Say which system each unqualified reference means; two candidates need a word in the configuration."""
    keepers: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name, found in streams.items():
        for stream in found:
            keepers[stream.kind].append(name)
    wanted = {
        # a project that refers to a project means another system's view of the same
        (f"{kind}.{name}" if kind == stream.kind else name, kind)
        for stream in streams[configured.name]
        for name, kind in REFERENCES[stream.kind].items()
    }
    if any(stream.kind == "invoice_line" for stream in streams[configured.name]):
        # the entries a line bills are named in a list, not in a reference of the line
        wanted.add(("time_entry", "time_entry"))
    references = dict(configured.source.references)
    for name, kind in sorted(wanted):
        if name in references:
            if references[name] not in streams:
                raise ConfigError(
                    f"systems.{configured.name}.references.{name}: no system {references[name]!r}",
                    remedy=f"use one of {', '.join(streams)}",
                )
            continue
        role = last_word.get(kind) if name in _SAME else None
        role = role or HOME_ROLES.get(kind)
        references[name] = _keeper(configured, name, kind, keepers[kind], roles, role)
    source = Source(configured.name, references, configured.source.legal_entities)
    return replace(configured, source=source)


#: references that say "the same as": they tie no work together
_SAME = frozenset({"customer.customer", "resource.resource"})


def _keeper(
    configured: Configured,
    name: str,
    kind: str,
    keepers: list[str],
    roles: dict[str, tuple[str, ...]],
    role: str | None,
) -> str:
    own = configured.name in keepers or role in configured.roles
    # a system that plays the kind's role is meant even before its first record is there
    home = [system for system, played in roles.items() if role in played and system != configured.name]
    others = [keeper for keeper in keepers if keeper != configured.name]
    if name in _SAME:
        # few systems say who is who, and only the system of record can be meant by it
        return home[0] if len(home) == 1 and role not in configured.roles else configured.name
    if own and not (name == f"{kind}.{kind}" and (others or home)):
        return configured.name
    if len(home) == 1:
        return home[0]
    if len(others) > 1:
        raise ConfigError(
            f"systems.{configured.name}.references.{name}: {' and '.join(others)} both keep {kind} records",
            remedy=f'say which one is meant: references = {{ "{name}" = "{others[0]}" }}',
        )
    return others[0] if others else configured.name


def _register(engine: Engine, found: tuple[Configured, ...], streams: dict[str, tuple[Stream, ...]]) -> None:
    states = [
        polls.StreamConfig(c.name, stream.name, stream.kind, c.interval, stream.freshness or c.freshness)
        for c in found
        for stream in streams[c.name]
    ]
    roles = [
        polls.RoleConfig(c.name, role, entity, c.system.kind)
        for c in found
        for role in c.roles
        for entity in c.legal_entities
    ]
    with writing(engine) as connection:
        polls.configure(connection, states, roles)


@contextmanager
def application(path: Path | None) -> Iterator[App]:
    """A built application whose store is let go of at the end."""
    app = build(path)
    try:
        yield app
    finally:
        app.engine.dispose()
