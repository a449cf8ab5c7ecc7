"""The receiver's wiring: an event brings the next poll of what it is about forward."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.bootstrap import application
from app.receiving import Wiring
from queries.ingest import stored_ids
from queries.store import reading

CONFIGURATION = """
[store]
url = "sqlite:///store.db"
[systems.crm]
kind = "files"
roles = ["crm"]
path = "crm"
"""


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    (tmp_path / "crm").mkdir()
    rows = "id,name,source_updated_at\nC1,One,2026-11-20T18:00:00Z\n"
    (tmp_path / "crm" / "customer.csv").write_text(rows, encoding="utf-8")
    file = tmp_path / "sightglass.toml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    return file


def test_an_event_polls_the_stream_it_names(configured: Path) -> None:
    with application(configured) as app:
        wiring = Wiring(app)
        wiring.on_event({"source": "https://example.test/crm", "type": "com.example.customer.changed"})
        wiring.polls.shutdown()

        with reading(app.engine) as store:
            assert stored_ids(store, "customer", "crm") == {"C1"}


def test_an_event_from_nowhere_is_refused(configured: Path) -> None:
    with application(configured) as app, pytest.raises(ValueError, match="'psa' is no configured system"):
        Wiring(app).on_event({"source": "/psa", "type": "x"})
