"""What every KPI must be, found by being there: its words, its shape, and when it must not show a number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import Connection

from app import kpi_report
from collectors.contract import Role
from metrics import drill, figures
from metrics.check import Need
from metrics.drill import Cut
from metrics.figures import Setting, Terms
from metrics.kpi import SHAPE, Kpi, kpis
from queries import kpi_snapshots, periods, read
from queries.kpi_snapshots import Cell
from queries.periods import Month, Span, Workday
from queries.records import KINDS
from queries.store import open_engine, reading
from tests.cast import SYSTEMS, Cast, casting, utc
from tests.figures import NOW, PLAIN, history, setting
from tests.metrics.test_every_check import WAREHOUSES, dialect, serving
from tests.tree import ROOT
from tests.truth import firm as simulated

every = pytest.mark.parametrize("kpi", kpis().values(), ids=list(kpis()))
every_required = pytest.mark.parametrize(
    ("kpi", "need"),
    [(kpi, need) for kpi in kpis().values() for need in kpi.reads if need.required],
    ids=lambda part: part.key if isinstance(part, Kpi) else f"{part.role} {part.kind}",
)
MONTH = Month("", "2026-11", date(2026, 11, 1), date(2026, 11, 30), date(2026, 11, 20),
              utc("2026-11-01"), utc("2026-12-01"))  # fmt: skip


@pytest.fixture
def firm() -> Iterator[Cast]:
    """A firm with an empty store."""
    yield from casting()


def test_there_are_kpis_to_look_at() -> None:
    files = {path.stem for path in (ROOT / "metrics" / "kpis").glob("[a-z]*.py")}

    assert set(kpis()) == files
    assert {"backlog", "wip", "utilisation", "dso", *kpi_report.EXECUTIVE} <= files


@every
def test_a_kpi_is_said_in_whole_words(kpi: Kpi) -> None:
    assert kpi.title[0].isupper()
    assert kpi.question.endswith("?")
    for text in (kpi.title, kpi.formula, kpi.owner, kpi.source, *(part.title for part in kpi.parts.values())):
        assert text.strip() == text != ""
        assert not text.endswith(".")
    assert kpi.version >= 1


@every
def test_a_kpi_reads_known_streams(kpi: Kpi) -> None:
    assert {need.role for need in kpi.reads} <= set(get_args(Role))
    assert {need.kind for need in kpi.reads} <= set(KINDS)
    assert len({(need.role, need.kind) for need in kpi.reads}) == len(kpi.reads)


@every
def test_a_kpis_headline_is_one_of_its_parts(kpi: Kpi) -> None:
    assert kpi.parts
    assert kpi.headline is None or kpi.headline in kpi.parts


def _span(engine: str) -> Span:
    return periods.span([MONTH], [Workday("", date(2026, 11, 2), utc("2026-11-02"), "2026-11")],
                        date(2026, 11, 20), engine)  # fmt: skip


@every
def test_a_kpi_yields_its_shape(kpi: Kpi) -> None:
    assert tuple(column.name for column in kpi.select(_span("sqlite")).selected_columns) == SHAPE


@every
@pytest.mark.parametrize("name", ["sqlite", "postgresql", *WAREHOUSES])
def test_a_kpi_compiles_for_every_engine(kpi: Kpi, name: str) -> None:
    sql = str(kpi.select(_span(name)).compile(dialect=dialect(name)))

    assert sql.startswith(("SELECT", "WITH"))


@every
def test_an_empty_firm_has_no_rows_and_no_reason_to_doubt(kpi: Kpi, firm: Cast) -> None:
    found = history(firm, kpi.key)

    assert list(found) == periods.names("2026-11", 13)
    for figure in found.values():
        assert figure.reason is None
        assert figure.whole is not None
        assert not figure.whole.value
        assert figure.whole.rows == 0


def _why(firm: Cast, kpi: Kpi) -> dict[str, str]:
    return {month: figure.reason for month, figure in history(firm, kpi.key).items() if figure.reason}


@every_required
def test_a_stale_stream_makes_the_months_it_does_not_reach_unknown(kpi: Kpi, need: Need, firm: Cast) -> None:
    (system, *_) = serving(need)
    stream = f"{system}/{need.kind}"
    firm.through = {stream: utc(NOW) - timedelta(days=25)}

    why = _why(firm, kpi)
    assert sorted(why) == ["2026-10", "2026-11"]
    assert all(stream in reason and "older than its limit" in reason for reason in why.values())


@every_required
def test_a_stream_never_read_makes_every_month_unknown(kpi: Kpi, need: Need, firm: Cast) -> None:
    (system, *_) = serving(need)
    firm.through = {f"{system}/{need.kind}": None}

    why = _why(firm, kpi)
    assert len(why) == figures.HISTORY
    assert set(why.values()) == {f"{system}/{need.kind} has never been read to its end"}


@every_required
def test_a_required_stream_that_no_system_keeps_makes_it_unknown(kpi: Kpi, need: Need, firm: Cast) -> None:
    firm.serve({name: ("*",) for name in SYSTEMS if name not in serving(need)})

    assert len(_why(firm, kpi)) == figures.HISTORY


def test_two_files_that_claim_one_key_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "twin.py").write_text("from metrics.kpis.sold import KPI\n")
    from metrics import kpis as package

    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    kpis.cache_clear()
    try:
        with pytest.raises(ValueError, match="a KPI's key is its file's name"):
            kpis()
    finally:
        monkeypatch.undo()
        kpis.cache_clear()


# ---- on a whole firm -----------------------------------------------------------------------------

TERMS = Terms({}, "USD", "corporate")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Connection, Setting]]:
    """The store of a simulated firm, polled, and its months."""
    config = simulated.make(tmp_path_factory.mktemp("firm"), 7, 60)
    simulated.poll(config)
    engine = open_engine(f"sqlite:///{config.parent / 'sightglass.db'}")
    now = utc(NOW)
    with reading(engine) as connection:
        yield connection, figures.setting(connection, now, periods.names("2026-11", 13), TERMS)
    engine.dispose()


def _month(whole: tuple[Connection, Setting], only: str) -> Setting:
    return figures.setting(whole[0], utc(NOW), periods.names("2026-11", 13), TERMS, only)


#: nothing in the simulated firm's exports tells of these
UNTOLD = {"close_cycle_time", "exception_mtta", "exception_mttr", "forecast_accuracy", "project_margin"}


@every
@pytest.mark.parametrize("month", ["2026-10", "2026-11"])
def test_a_figure_is_the_sum_of_the_rows_behind_it(
    kpi: Kpi, month: str, whole: tuple[Connection, Setting]
) -> None:
    connection, found = whole
    tile = sorted(cell for cell in figures.cells(connection, kpi, found) if cell.month == month)
    one = _month(whole, month)
    behind = drill.page(connection, kpi, one, Cut(), limit=100_000)

    assert sorted(drill.cells(connection, kpi, one, Cut())) == tile
    assert behind.items == len(behind.rows) == sum(cell.rows for cell in tile)
    if not figures.medians(kpi):
        sums = (sum(int(row[name]) for row in behind.rows) for name in ("numerator", "denominator"))
        assert tuple(sums) == (sum(c.numerator for c in tile), sum(c.denominator for c in tile))
    assert tile or kpi.key in UNTOLD or month == "2026-10"


@every
@pytest.mark.parametrize("by", drill.DIMENSIONS)
def test_the_parts_of_a_breakdown_add_up(kpi: Kpi, by: str, whole: tuple[Connection, Setting]) -> None:
    connection, one = whole[0], _month(whole, "2026-11")
    groups = drill.breakdown(connection, kpi, one, Cut(), by)
    cells = drill.cells(connection, kpi, one, Cut())

    def sums(found: list[Cell]) -> tuple[int, ...]:
        return (
            sum(c.rows * c.numerator for c in found),
            sum(c.denominator for c in found),
            sum(c.rows for c in found),
        )

    if not figures.medians(kpi):
        assert sum(c.numerator for g in groups.values() for c in g) == sum(c.numerator for c in cells)
    else:
        assert sums([c for g in groups.values() for c in g])[::2] == sums(cells)[::2]
    if groups:
        value = next(iter(groups))
        assert sorted(drill.cells(connection, kpi, one, Cut(**{by: value}))) == sorted(groups[value])


@every
def test_rows_are_whole_numbers_that_name_their_record(kpi: Kpi, whole: tuple[Connection, Setting]) -> None:
    connection, found = whole
    rows = read.rows(connection, kpi.select(found.span))

    assert rows or kpi.key in UNTOLD
    for row in rows:
        assert type(row["numerator"]) is int
        assert type(row["denominator"]) is int
        assert row["part"] in kpi.parts
        assert row["month"] in found.names
        assert row["subject_id"]


@every
def test_what_is_written_down_is_read_back(kpi: Kpi, firm: Cast, whole: tuple[Connection, Setting]) -> None:
    connection, found = whole
    cells = figures.cells(connection, kpi, found)
    firm.judge(NOW)
    figures.keep(firm.connection, {kpi.key: cells}, found)
    name = kpi_snapshots.Name(kpi.key, kpi.version, figures.medians(kpi))

    kept = kpi_snapshots.kept(firm.connection, name, found.names)
    assert kept is not None
    assert kept[0] == found.now
    # zeros of a median's denominators are not kept: nothing divides by them
    assert sorted(kept[1]) == sorted(cells)


def test_figures_that_are_older_than_the_newest_poll_are_worked_out_anew(firm: Cast) -> None:
    firm.judge(NOW)
    firm.deal("O1", won_at="2026-11-02T12:00Z", amount="1000")
    figures.keep(firm.connection, {"sold": []}, setting(firm))
    kpi = kpis()["sold"]
    assert figures.stored(firm.connection, kpi, setting(firm))[1] == []

    later = "2026-11-20T21:00Z"
    firm.judge(later)
    (cell,) = figures.stored(firm.connection, kpi, setting(firm, later, PLAIN))[1]
    assert cell.numerator == 100_000
