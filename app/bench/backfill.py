"""A history fetched page by page over HTTP, stored and judged, against only fetching the same pages."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app.bench._feed import judge, source
from app.bench._firm import NOW, Firm
from app.bench._measure import Line, Result, Timing, timed
from app.bench._pages import serving
from app.bench._shop import Shop, fill, opened, warm
from collectors.discovery import systems
from collectors.engines.rest_settings import RestSettings
from collectors.runner import Configured, Runner, connected
from queries.fields import FIELDS

_KIB_PER_MIB = 1024
#: the smaller history beside which memory shows what it owes to the number of rows
_SHARE = 4


def measure(shop: Shop) -> list[Result]:
    """One entry after another from an API that gives 200 a page, each page after 5 ms."""
    count = shop.sizes.fetched
    with _ready(shop, count) as (engine, base):
        ours = timed(partial(_poll, engine, base, count))
        bare = timed(partial(_bare, base))
        peer = timed(partial(_dlt, base)) if find_spec("dlt") else None
    beside = f"dlt's client alone {count / peer.wall_s:,.0f} rows/s" if peer else "dlt is not installed"
    few = count // _SHARE
    less, more = _peak_of(shop, few), _peak_of(shop, count)
    held = (
        f"at most {less:.0f} MiB of memory for {few:,} rows, {more:.0f} for {count:,}: {more - less:.0f} more"
    )
    return [_result(ours, bare, count, f"{beside}; {held}")]


def _peak_of(shop: Shop, count: int) -> float:
    """The most memory that a process of its own takes for such a history."""
    with (
        _ready(shop, count) as (engine, base),
        ProcessPoolExecutor(1, get_context("spawn")) as alone,
    ):
        url = engine.url.render_as_string(hide_password=False)
        return alone.submit(_polled, url, base, count).result()


def _polled(url: str, base: str, count: int) -> float:
    with opened(url) as engine:
        warm(engine)
        _poll(engine, base, count)
    return _peak_mib()


@contextmanager
def _ready(shop: Shop, count: int) -> Iterator[tuple[Engine, str]]:
    """A store without time, and the address of the API that has it."""
    with serving(count) as base, opened(shop.empty("sqlite")) as engine:
        fill(engine, Firm(count), history=False)
        warm(engine)
        yield engine, base


def _result(ours: Timing, bare: Timing, count: int, notes: str) -> Result:
    return Result(
        line="backfill",
        ratio=bare.wall_s / ours.wall_s,
        target=None,
        aim=None,
        better="more",
        ours=ours,
        limit=bare,
        rows=count,
        engine="sqlite",
        notes=f"{count / ours.wall_s:,.0f} rows/s stored and judged, {count / bare.wall_s:,.0f} only fetched;"
        f" {notes}",
    )


def _poll(engine: Engine, base: str, count: int) -> None:
    system = systems()["rest"]
    fields = {name: name for name in FIELDS["time_entry"]}
    read = {
        "path": "/time",
        "rows": "items",
        "total": "count",
        "next": {"style": "cursor", "path": "next", "param": "cursor"},
    }
    stream = {"fields": fields, "read": read}
    told = RestSettings.model_validate({"base": base, "streams": {"time_entry": stream}})
    configured = Configured(
        "psa", system, told, source("psa"), ("psa",), ("*",), timedelta(minutes=5), timedelta(hours=24)
    )
    runner = Runner(engine, lambda: NOW, judge, "bench:0")
    with connected(configured) as connection:
        (only,) = connection.streams()
        outcome = runner.poll(configured, only, connection)
    if (outcome.outcome, outcome.progress.read) != ("ok", count):
        raise RuntimeError(f"{outcome.outcome}: {outcome.error or outcome.progress}")


def _bare(base: str) -> None:
    """The pages as a plain session takes them."""
    client: Any = import_module("requests" if find_spec("requests") else "httpx")
    session = client.Session() if hasattr(client, "Session") else client.Client()
    number: int | None = 0
    while number is not None:
        number = session.get(f"{base}/time", params={"cursor": number}).json()["next"]
    session.close()


def _dlt(base: str) -> None:
    rest: Any = import_module("dlt.sources.helpers.rest_client")
    paging: Any = import_module("dlt.sources.helpers.rest_client.paginators")
    paginator = paging.JSONResponseCursorPaginator(cursor_path="next", cursor_param="cursor")
    for _ in rest.RESTClient(base, paginator=paginator).paginate("/time", data_selector="items"):
        continue


def _peak_mib() -> float:
    try:
        # what getrusage tells on Linux began with the process that started this one
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_PER_MIB**2
    return int(status.partition("VmHWM:")[2].split()[0]) / _KIB_PER_MIB


LINE = Line("backfill", measure)
