"""The page of KPIs, the command and the API: the same figures, the rows behind them, filters in the address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app import kpi_report, store
from app.bootstrap import application
from app.cli import cli
from app.commands import register
from app.receiving import Wiring
from app.store import VARIABLE
from app.worker import figure
from metrics import figures
from metrics.figures import Terms
from metrics.kpi import kpis
from queries import kpi_snapshots
from queries.store import reading
from tests.app.firm import LATER, NOW, furnish, stuck
from tests.app.test_pages import EURO, draw, links, markup, said
from tests.cast import Cast, casting, utc

Furnish = Callable[..., Path]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Furnish]:
    """Furnish the store that the pages of this test read."""

    def build(play: Callable[[Cast], None], **options: str) -> Path:
        config = furnish(tmp_path, play, **options)
        monkeypatch.setenv(VARIABLE, str(config))
        return config

    yield build
    store._site.clear()


def earning(firm: Cast) -> None:
    """Two deals in two currencies, and work on one of them."""
    stuck(firm)
    firm.revenue("V1", "300", contract_id="C2", currency="EUR", posted_on="2026-10-31", legal_entity="DE01")
    firm.judge(NOW)


def test_every_kpi_has_its_tile_and_leads_to_its_rows(house: Furnish) -> None:
    house(earning, extra=EURO)

    test = draw("kpis")
    for key, kpi in kpis().items():
        assert kpi.title in said(test)
        assert f"/kpis?kpi={key}" in links(test)
        assert escape(kpi.formula) in markup(test)
    assert "Nov 2026" in said(test)


def test_a_kpi_is_opened_by_its_address_with_the_rows_behind_it(house: Furnish) -> None:
    house(earning, extra=EURO)

    text = said(draw("kpis", kpi="sold"))
    # 500,000 GBP at 1.2, and 1,000 EUR
    assert "EUR 601 k" in text
    assert "EUR 1,000 · GBP 500 k" in text
    assert "2 rows behind it" in text
    assert "Northwind" in text


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"entity": "DE01"}, "1 row behind it"),
        ({"customer": "Northwind"}, "1 row behind it"),
        ({"currency": "EUR"}, "1 row behind it"),
        ({"period": "2026-10"}, "0 rows behind it"),
        ({"period": "1999-13"}, "2 rows behind it"),
        ({"by": "customer"}, "Contoso"),
    ],
)
def test_the_address_cuts_a_kpi(house: Furnish, address: dict[str, str], told: str) -> None:
    house(earning, extra=EURO)

    assert told in said(draw("kpis", kpi="sold", **address))


def test_a_kpi_over_a_stale_stream_shows_no_number(house: Furnish) -> None:
    house(earning, now=LATER, extra=EURO)

    test = draw("kpis", kpi="sold")
    assert "Cannot tell" in said(test)
    assert "crm/opportunity is complete only through 2026-11-20T18:00:00Z" in said(test)
    assert "601 k" not in said(test)


def test_figures_the_worker_wrote_down_are_shown_with_their_time(house: Furnish) -> None:
    def written(firm: Cast) -> None:
        earning(firm)
        moment = utc("2026-11-20T17:30:00Z")
        found, cells = kpi_report.snapshot(firm.connection, moment, Terms({}, "EUR"))
        figures.keep(
            firm.connection, {key: [] if key == "sold" else rows for key, rows in cells.items()}, found
        )

    house(written, extra=EURO)

    text = said(draw("kpis"))
    assert "Worked out 20 Nov 2026 17:30 UTC" in text
    # the detail is worked out anew from its rows
    assert "EUR 601 k" in said(draw("kpis", kpi="sold"))


def test_the_overview_leads_to_the_kpis(house: Furnish) -> None:
    house(stuck)

    assert "/kpis" in links(draw("overview"))


# ---- command and API -------------------------------------------------------------------------------


def _told(config: Path, *arguments: str) -> str:
    register(cli)
    result = CliRunner().invoke(cli, ["--config", str(config), "kpis", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def firm() -> Iterator[Cast]:
    """A firm in memory that earns."""
    for cast in casting():
        earning(cast)
        yield cast


TERMS = Terms({}, "EUR", "daily")


def test_every_kpi_is_told_as_json(firm: Cast) -> None:
    told = kpi_report.kpi_list(firm.connection, utc(NOW), TERMS)
    found = {row["key"]: row for row in json.loads(json.dumps(told))}

    assert set(found) == set(kpis())
    sold = found["sold"]
    assert (sold["period"], sold["outcome"], sold["value"], sold["currency"]) == (
        "2026-11", "known", "601000.00", "EUR",
    )  # fmt: skip
    assert sold["by_currency"] == [
        {"currency": "EUR", "value": "1000.00", "rows": 1},
        {"currency": "GBP", "value": "500000.00", "rows": 1},
    ]
    assert (sold["rates_on"], sold["unconverted"], sold["rows"]) == ("2026-11-01", [], 2)
    assert [month["period"] for month in sold["history"]][-2:] == ["2026-10", "2026-11"]


def test_one_period_of_one_legal_entity_is_told(firm: Cast) -> None:
    told = kpi_report.kpi_list(firm.connection, utc(NOW), TERMS, "2026-10", "DE01")
    found = {row["key"]: row for row in told}

    assert {row["period"] for row in told} == {"2026-10"}
    assert (found["recognised"]["value"], found["sold"]["outcome"]) == ("300.00", "known")


def test_the_command_says_why_it_cannot_tell(house: Furnish) -> None:
    # the configuration names no system any more
    found = json.loads(_told(house(earning, extra=EURO), "--json"))

    (sold,) = (row for row in found if row["key"] == "sold")
    assert (sold["outcome"], sold["value"]) == ("unknown", None)
    assert sold["reason"].startswith("no system with role crm")


@pytest.mark.parametrize("period", ["2026-13", "soon", "2027-01"])
def test_a_period_there_is_not_is_refused(house: Furnish, period: str) -> None:
    with pytest.raises(ValueError, match="period"):
        kpi_report.months(utc(NOW), period)

    config = house(stuck)
    register(cli)
    assert CliRunner().invoke(cli, ["--config", str(config), "kpis", "--period", period]).exit_code != 0


def test_the_api_tells_what_the_command_tells(house: Furnish) -> None:
    config = house(earning, extra=EURO)

    with application(config) as app:
        answered = Wiring(app).kpis({"period": "2026-11"})
        with pytest.raises(ValueError, match="unknown parameter currency"):
            Wiring(app).kpis({"currency": "EUR"})
    assert json.loads(json.dumps(answered)) == json.loads(_told(config, "--json"))


def test_the_worker_writes_every_kpi_down(house: Furnish) -> None:
    config = house(earning, extra=EURO)

    with application(config) as app:
        figure(app)
        with reading(app.engine) as connection:
            found = figures.setting(connection, app.now(), kpi_report.months(app.now()), Terms({}))
            for key, kpi in kpis().items():
                name = kpi_snapshots.Name(key, kpi.version, figures.medians(kpi))
                kept = kpi_snapshots.kept(connection, name, found.names)
                assert kept is not None
                assert sorted(kept[1]) == sorted(figures.cells(connection, kpi, found))
