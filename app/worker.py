"""The worker: polls every stream on its interval, judges, verifies at night, keeps the house.

Any number of workers may share a store: a lease per stream lets one of them poll it. The worker
never draws; the pages never poll.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from types import FrameType

from apscheduler.schedulers.blocking import BlockingScheduler

from app import kpi_report
from app import settings as config
from app.bootstrap import App
from app.close_rules import close_rules
from app.close_runs import open_periods, run_all
from collectors.contract import Stream
from collectors.errors import CollectorError
from collectors.runner import Configured
from collectors.ways import Ways
from metrics import figures
from metrics.close import watch
from metrics.evaluate import audit, evaluate
from queries import fx, snapshots, spans
from queries.errors import StoreError
from queries.store import reading, writing

_LOG = logging.getLogger(__name__)
_TICK_S = 60
#: however fast the firm's time goes
_LEAST_S = 5
#: how often figures are worked out for the pages, which read what was written down for two hours at most
_FIGURES_S = 60 * 60


def run(app: App) -> None:
    """Poll until told to stop (SIGINT, SIGTERM); whatever a source or the store does, go on."""
    scheduler = BlockingScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    first_pass(app)
    ways = Ways()
    for configured in app.systems:
        for stream in app.streams[configured.name]:
            _schedule(scheduler, app, ways, configured, stream)
    scheduler.add_job(guarded(tick, app), "interval", seconds=max(pace(app, _TICK_S), _LEAST_S), name="tick")
    every = max(pace(app, _FIGURES_S), _LEAST_S)
    scheduler.add_job(guarded(figure, app), "interval", seconds=every, name="figures")
    scheduler.add_job(guarded(keep_house, app), "cron", hour=2, minute=15, name="nightly")

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with closing(ways):
        scheduler.start()


def first_pass(app: App) -> None:
    """Everything once, in configured order: the first numbers appear together."""
    guarded(lambda found: list(found.poll()), app)()
    guarded(tick, app)()
    guarded(figure, app)()


def _schedule(
    scheduler: BlockingScheduler, app: App, ways: Ways, configured: Configured, stream: Stream
) -> None:
    seconds = pace(app, configured.interval.total_seconds())
    scheduler.add_job(
        guarded(lambda found: poll_one(found, ways, configured, stream), app),
        "interval",
        seconds=seconds,
        jitter=seconds / 10,
        name=f"{configured.name}/{stream.name}",
    )


def pace(app: App, seconds: float) -> float:
    """So many seconds of the firm's time in seconds of ours, one at least."""
    return max(seconds / config.speed(app.settings), 1.0)


def poll_one(app: App, ways: Ways, configured: Configured, stream: Stream) -> None:
    """One poll of one stream."""
    ways.poll(app.runner(), configured, stream)


def tick(app: App) -> None:
    """What only time changes: thresholds passed, streams gone stale; and today's snapshot."""
    guarded(lambda found: found.read_crosswalk(), app)()
    now = app.now()
    with writing(app.engine) as connection:
        evaluate(connection, (), now, app.rules)
        watch(connection, close_rules(app.settings), now)
        checks = [check.key for check in app.rules.enabled()]
        rates = fx.rates(connection, app.rules.reporting_currency, app.rules.rate_type, now.date())
        snapshots.take(connection, now, checks, rates)


def figure(app: App) -> None:
    """Work out every KPI over its months, holding nobody up, then write them down for the pages."""
    now, terms = app.now(), kpi_report.terms(app.settings)
    with reading(app.engine) as connection:
        found, cells = kpi_report.snapshot(connection, now, terms)
    with writing(app.engine) as connection:
        figures.keep(connection, cells, found)


def keep_house(app: App) -> None:
    """At night: compare the state kept with a full evaluation, repair drift, reconcile, forget old spans."""
    now = app.now()
    with writing(app.engine) as connection:
        drift = audit(connection, now, app.rules)
        if drift:
            _LOG.error("the maintained state had drifted: %s; judged anew", drift)
            evaluate(connection, None, now, app.rules)
    _reconcile(app, now)
    _forget_spans(app, now - app.settings.traces.keep)


def _reconcile(app: App, now: datetime) -> None:
    """Every open period, one a transaction: the others may write in between."""
    rules = close_rules(app.settings)
    with reading(app.engine) as connection:
        found = open_periods(connection, now)
    for period in found:
        with writing(app.engine) as connection:
            run_all(connection, rules, [period], now)


def _forget_spans(app: App, before: datetime) -> None:
    gone = 1
    while gone:
        with writing(app.engine) as connection:
            gone = spans.prune(connection, before)


def guarded(work: Callable[[App], object], app: App) -> Callable[[], None]:
    """A job that logs what it could not do and lets the next one run."""

    def job() -> None:
        try:
            work(app)
        except (CollectorError, StoreError) as error:
            _LOG.error("%s", error)

    return job
