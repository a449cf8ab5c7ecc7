"""The site of this process: the settings, the store they name, and one picture of it per read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import streamlit as st
from sqlalchemy import Connection, Engine

from app import kpi_report
from app import settings as config
from metrics.check import Check, checks
from metrics.figures import Terms
from queries.overview import Reporting
from queries.store import migrate, open_engine, reading
from queries.version import version

#: where the processes of one Sightglass are told which configuration is theirs
VARIABLE = "SIGHTGLASS_CONFIG"


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages show: the settings and the store they name."""

    settings: config.Settings
    engine: Engine

    def now(self) -> datetime:
        """The time, stopped where the configuration says so."""
        return config.now(self.settings)

    @property
    def reporting(self) -> Reporting:
        """What totals are converted into."""
        money = self.settings.money
        return Reporting(money.reporting_currency, money.rate_type)

    @property
    def terms(self) -> Terms:
        """What figures are worked out under."""
        return kpi_report.terms(self.settings)

    def checks(self) -> dict[str, Check]:
        """The checks that are switched on."""
        off = {key for key, table in self.settings.checks.items() if not table.enabled}
        return {key: check for key, check in checks().items() if key not in off}


def site() -> Site:
    """The site of this process; the store is opened, and brought up to date, on first use."""
    return _site(os.environ.get(VARIABLE), os.environ.get("SIGHTGLASS_STORE_URL"))


@st.cache_resource(max_entries=4, show_spinner=False, on_release=lambda found: found.engine.dispose())
def _site(path: str | None, _store: str | None) -> Site:
    settings = config.load(Path(path) if path else None)
    engine = open_engine(config.store_url(settings))
    migrate(engine)
    return Site(settings, engine)


@contextmanager
def store() -> Iterator[tuple[Site, Connection, str]]:
    """One picture of the store, and the text that caches of answers from it are keyed by."""
    here = site()
    with reading(here.engine) as connection:
        store = here.engine.url.render_as_string(hide_password=True)
        yield here, connection, f"{store} {version(connection)}"
