"""A JSON API read by declaration: windows of time, pages of rows, and how far all of it may be believed.

Position: JSON of the time up to which everything is in. While a window of ordered rows is read it also
holds the last version that came, so that a poll that was killed goes on there. Rows at the edges come
twice rather than never: a window begins a little before the last one ended, equal versions are asked for
again, and what is newer than the server's own clock, less the settle time, is not yet promised.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import jmespath
import msgspec

from collectors.contract import Page, Stream
from collectors.decode import raw_text
from collectors.engines.moments import stretch
from collectors.engines.rest_calls import Caller
from collectors.engines.rest_settings import Request, RestSettings, RestStream
from collectors.errors import FatalError
from collectors.mapping import (
    FALLBACK,
    SAMPLE,
    Mapped,
    canonical_name,
    canonical_parser,
    check_sample,
    compile_mapping,
    fingerprint,
    inherit,
    known_columns,
    refuse_unfit,
)
from collectors.mapping.chains import chains

#: a vendor whose rows no path finds brings its own way to take them out of an answer
Unpack = Callable[[Any], Sequence[Any]]
#: by stream, the fields that this way reads itself, as paths into our rows
Reads = Mapping[str, Sequence[str]]


class Spread(NamedTuple):
    """Rows that hold several of ours, such as invoices with their lines: how each is taken apart, and the
    key by which the source counts them.
    """

    rows: Callable[[Any], Sequence[Any]]
    key: Callable[[Any], str]


_RENAMED = "see whether it was renamed, or give this user the right to see it"
#: later than anything, and still a year that every source knows
_FAR = datetime(2999, 12, 31, tzinfo=UTC)
#: how far the day anywhere on earth is behind UTC, and ahead of it
_BEHIND, _AHEAD = timedelta(hours=12), timedelta(hours=14)


class _Position(msgspec.Struct, omit_defaults=True):
    """How a stream was read, up to when it is in, where in an open window we are, when last read far back."""

    how: str = ""
    through: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    reread: datetime | None = None

    def text(self) -> str:
        """As the runner keeps it."""
        return msgspec.json.encode(self).decode()


@dataclass(frozen=True, slots=True)
class _Plan:
    """A stream with all that is known of how to read it."""

    stream: Stream
    settings: RestStream
    mapped: Mapped
    how: str
    unpack: Unpack | None
    spread: Spread | None
    zone: ZoneInfo

    def rows(self, request: Request, body: Any) -> Sequence[Any]:
        """The rows of an answer; FatalError where there should be some and is something else."""
        # what only leads to other requests is no row of the stream yet
        unpack = self.unpack if request.gives_its_own_rows else None
        return self._list(request, self._taken(unpack, body)) if unpack else self.listed(request, body)

    def listed(self, request: Request, body: Any) -> Sequence[Any]:
        """What stands where the request says, as it stands; FatalError where that is no list."""
        return self._list(request, jmespath.search(request.rows or "@", body))

    def _list(self, request: Request, found: Any) -> Sequence[Any]:
        if not isinstance(found, list | tuple):
            place = f"at {request.rows!r} " if request.rows else ""
            what = f"{self.mapped.where}: the answer holds no list of rows {place}"
            raise FatalError(what.rstrip(), remedy="correct rows in the stream's read")
        return found

    def apart(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Our rows, of the source's."""
        if self.spread is None:
            return rows
        return [part for row in rows for part in self._taken(self.spread.rows, row)]

    def _taken(self, take: Callable[[Any], Any], whole: Any) -> Any:
        """What a vendor's own reading takes out; FatalError where it lacks what every row should have."""
        try:
            return take(whole)
        except KeyError as lack:
            what = f"{self.mapped.where}: a row has no field {lack.args[0]!r}, which every row should have"
            raise FatalError(what, remedy=_RENAMED) from lack

    def named(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row under the names that the parser knows."""
        if not self.settings.is_by_name:
            return dict(row)
        return {name if name in self.mapped.columns else canonical_name(name): row[name] for name in row}

    def identify(self, row: Any) -> str | None:
        """A row's id, as far as it is a row and has one."""
        return self.mapped.identify(self.named(row)) if isinstance(row, Mapping) else None

    def written(self, since: datetime, until: datetime) -> dict[str, str | int]:
        """A stretch of time as the source wants it."""
        return stretch(since, until, self.settings.since_as, self.zone)


@dataclass(slots=True)
class _Window:
    """A stretch of time that is being read. ``newest`` is the newest version that came in it, ``came``
    marks each row that did: eight bytes, for a window may hold the whole history.
    """

    since: datetime
    until: datetime
    ids: set[str] = field(default_factory=set)
    came: array[int] = field(default_factory=partial(array, "q"))
    newest: datetime | None = None
    total: int | None = None
    capped: bool = False

    @property
    def is_short(self) -> bool:
        """Whether the source said that there are more rows than came."""
        return self.total is not None and len(set(self.came)) < self.total


class RestConnection:
    """A configured API. By stream, ``unpack`` takes rows out of answers where no path can, ``spread`` takes
    rows apart, and ``reads`` are the fields that they read besides the mapping.
    """

    def __init__(
        self,
        name: str,
        settings: RestSettings,
        unpack: Mapping[str, Unpack] | None = None,
        spread: Mapping[str, Spread] | None = None,
        reads: Reads | None = None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._unpack = dict(unpack or {})
        self._spread = dict(spread or {})
        self._reads = dict(reads or {})
        self._caller = Caller(name, settings)
        self._plans: dict[str, _Plan] = {}

    def streams(self) -> Sequence[Stream]:
        """The configured streams."""
        return [self._plan(name).stream for name in self._settings.streams]

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Iterator[Page]:
        """Rows changed since the position, window by window; the last page says how far they are complete."""
        plan = self._plan(stream.name)
        before = msgspec.json.decode(since, type=_Position) if since else _Position()
        if before.how != plan.how:
            before = _Position(plan.how)
        short, unproven = False, before.through is None
        far = self._reads_far(plan, before, started_at)
        window = self._first_window(plan, before, started_at, far=far)
        while True:
            for page in self._window(plan, window, before.through):
                if unproven and page.rows:
                    refuse_unfit(plan.mapped, page.rows)
                    unproven = False
                yield page
            short = short or window.is_short
            if window.capped:
                window = self._after_cap(plan, window)
                continue
            yield from self._gone(plan, before.through, window.until)
            through = self._believed(plan, window, started_at)
            if not short:
                through = max(through, before.through or through)
                before = _Position(plan.how, through, reread=before.reread)
            if window.until >= _newest_asked(plan, started_at):
                break
            yield Page((), position=before.text())
            window = self._next_window(plan, window.until, started_at)
        if far and not short:
            before.reread = started_at
        yield Page((), position=before.text(), complete_through=before.through, truncated=short)

    def ids(self, stream: Stream) -> Iterable[str]:
        """Every id the source holds now. Raises FatalError when one cannot be read, or there is none."""
        plan, count = self._plan(stream.name), 0
        request = plan.settings.ids
        assert request is not None
        for told in self._caller.answers(plan.mapped.where, request, {}, plan.rows):
            for row in plan.apart(told.rows):
                found = plan.identify(row)
                if found is None:
                    raise self._fatal(stream.name, "ids gives a row without an id", "correct the request ids")
                count += 1
                yield found
        if not count:
            remedy = "see that this user may read the rows, or take ids off the stream"
            raise self._fatal(stream.name, "ids gives no row, so nothing is called deleted", remedy)

    def problems(self, stream: Stream) -> list[str]:
        """What cannot be read in the first rows; empty when all is well."""
        plan = self._plan(stream.name)
        bound = self._bound(plan, _Window(plan.settings.start, _FAR))
        for told in self._caller.answers(plan.mapped.where, plan.settings.read, bound, plan.rows):
            some = plan.apart(told.rows)[:SAMPLE]
            rows = [plan.named(row) for row in some if isinstance(row, Mapping)]
            return check_sample(plan.mapped, rows) if rows else []
        return []

    def close(self) -> None:
        """Let go of the sockets."""
        self._caller.close()

    @property
    def server_time(self) -> datetime | None:
        """The server's own clock in its latest answer."""
        return self._caller.server_time

    @property
    def allowance(self) -> tuple[float, float] | None:
        """How much of an allowance is used, and of how much, where the system tells."""
        return self._caller.allowance

    # ---- windows -----------------------------------------------------------------------------

    def _reads_far(self, plan: _Plan, before: _Position, started_at: datetime) -> bool:
        """Whether this poll looks for changes without a stamp: never in the middle of a window."""
        reread = plan.settings.reread
        due = reread and (before.reread is None or started_at - before.reread >= reread.every)
        return bool(due) and before.since is None

    def _first_window(self, plan: _Plan, before: _Position, started_at: datetime, *, far: bool) -> _Window:
        if before.since is not None and before.until is not None:
            return _Window(before.since, before.until)
        back = plan.settings.overlap
        if far and plan.settings.reread is not None:
            back = max(back, plan.settings.reread.back)
        begin = plan.settings.start if before.through is None else before.through - back
        return self._next_window(plan, max(begin, plan.settings.start), started_at)

    def _next_window(self, plan: _Plan, begin: datetime, started_at: datetime) -> _Window:
        end = _newest_asked(plan, started_at)
        if plan.settings.window is not None:
            end = min(end, begin + plan.settings.window)
        return _Window(begin, max(begin, end))

    def _after_cap(self, plan: _Plan, window: _Window) -> _Window:
        """The rest of a window that held more rows than a query gives: from its newest version on."""
        if window.newest is None or window.newest <= window.since:
            what = f"more than {plan.settings.cap} rows have the version {window.since.isoformat()}"
            raise self._fatal(plan.stream.name, what, "read the stream by another request, or raise cap")
        return _Window(window.newest, window.until)

    def _believed(self, plan: _Plan, window: _Window, started_at: datetime) -> datetime:
        """Up to when everything is in: the window's end, but never later than the server's own clock."""
        server = self._caller.server_time
        if server is None or "since" not in plan.settings.read.places() or server >= started_at:
            return window.until
        return min(window.until, server - plan.settings.settle)

    def _window(self, plan: _Plan, window: _Window, through: datetime | None) -> Iterator[Page]:
        request, cap, count = plan.settings.read, plan.settings.cap, 0
        for told in self._caller.answers(plan.mapped.where, request, self._bound(plan, window), plan.rows):
            if request.total and window.total is None:
                window.total = _count(jmespath.search(request.total, told.body))
            page = self._page(plan, told.rows, window)
            count += len(told.rows)
            if plan.settings.ordered and window.newest is not None:
                position = _Position(plan.how, through, max(window.newest, window.since), window.until)
                page.position = position.text()
            yield page
            if cap is not None and count >= cap:
                window.capped, window.total = True, None
                return

    def _gone(self, plan: _Plan, through: datetime | None, until: datetime) -> Iterator[Page]:
        """What was deleted since everything was in, up to the end of a window."""
        if plan.settings.gone is None:
            return
        begin = plan.settings.start if through is None else through - plan.settings.overlap
        bound = self._bound(plan, _Window(begin, until))
        for told in self._caller.answers(plan.mapped.where, plan.settings.gone, bound, plan.listed):
            yield Page((), gone=[str(identifier) for identifier in told.rows if identifier is not None])

    def _bound(self, plan: _Plan, window: _Window) -> dict[str, str | int]:
        return {
            **plan.written(window.since, window.until),
            "since_day": (window.since - _BEHIND).date().isoformat(),
            "until_day": (window.until + _AHEAD).date().isoformat(),
        }

    def _page(self, plan: _Plan, rows: Sequence[Any], window: _Window) -> Page:
        good, rejects = [], []
        if plan.spread is not None:
            window.came.extend(hash(plan.spread.key(row)) for row in rows)
        for row in plan.apart(rows):
            if not isinstance(row, Mapping):
                rejects.append((raw_text(row), "a row is no JSON object: correct rows in the stream's read"))
                continue
            named = plan.named(row)
            identifier = plan.mapped.identify(named) or raw_text(row)
            if plan.settings.newest_first:
                if identifier in window.ids:
                    continue
                window.ids.add(identifier)
            good.append(named)
            version = plan.mapped.version(named)
            if version is not None:
                window.newest = max(version, window.newest or version)
            if plan.spread is None:
                window.came.append(hash(identifier))
            # a row without a version counts as changed by the end of what was asked for
            named[FALLBACK] = window.until.isoformat()
        return Page(good, rejects=rejects)

    # ---- plans -------------------------------------------------------------------------------

    def _plan(self, name: str) -> _Plan:
        if name not in self._plans:
            self._plans[name] = self._planned(name)
        return self._plans[name]

    def _planned(self, name: str) -> _Plan:
        settings, where = self._settings.streams[name], f"{self._name}/{name}"
        kind, fmt = settings.kind or name, inherit(self._settings.format, settings.format)
        mapped = compile_mapping(where, kind, settings, self._settings.format)
        signals = settings.is_by_name or settings.deleted or settings.gone or "deleted_at" in settings.fields
        stream = Stream(
            name=name,
            kind=kind,
            parse=mapped.parse if settings.is_mapped or fmt.is_local else canonical_parser(where, kind),
            deletes="sweep" if settings.ids else "signal" if signals else "none",
            overlap=settings.overlap,
            settle=settings.settle,
            sweep_every=settings.sweep_every,
            known_fields=known_columns(kind) if not settings.fields else None,
            mapped_fields=mapped.chains.union(*map(chains, self._reads.get(name, ()))),
        )
        how = fingerprint(settings, fmt, kind, settings.read.model_dump_json(), self._settings.base)
        zone = ZoneInfo(settings.zone(fmt.zone))
        return _Plan(stream, settings, mapped, how, self._unpack.get(name), self._spread.get(name), zone)

    def _fatal(self, stream: str, what: str, remedy: str) -> FatalError:
        return FatalError(f"{self._name}/{stream}: {what}", remedy=remedy)


def _newest_asked(plan: _Plan, started_at: datetime) -> datetime:
    """The end of what is asked for, in whole seconds: most sources are asked by these, and no more than
    was asked for may be believed.
    """
    return (started_at - plan.settings.settle).replace(microsecond=0)


def _count(told: Any) -> int | None:
    return int(told) if str(told).isdigit() else None
