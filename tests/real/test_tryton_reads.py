"""Every stream of a real Tryton, against what was provisioned into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from collectors.contract import Connection, Page, Stream
from collectors.systems.tryton import SYSTEM
from queries.records import KINDS
from tests.real.conftest import Tryton

pytestmark = pytest.mark.real

Records = dict[str, dict[str, Any]]


def opened(tryton: Tryton, **settings: Any) -> Connection:
    return SYSTEM.connect("erp", SYSTEM.settings.model_validate(tryton.settings | settings))


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T18:00:00+00:00")


def pages(tryton: Tryton, connection: Connection, stream: Stream, since: str | None = None) -> list[Page]:
    return list(connection.pages(stream, since, noon(tryton.manifest["as_of"])))


def read(tryton: Tryton, connection: Connection, stream: Stream) -> dict[str, Any]:
    """Every record of a stream, as the store would get it."""
    rows = [row for page in pages(tryton, connection, stream) for row in page.rows]
    parsed = [found for row in rows if (found := stream.parse(row)) is not None]
    records = msgspec.convert(parsed, list[KINDS[stream.kind]], strict=False)  # type: ignore[misc]
    assert len({record.id for record in records}) == len(records)
    return {record.id: record for record in records}


@pytest.fixture(scope="module")
def connection(tryton: Tryton) -> Iterator[Connection]:
    found = opened(tryton, page_size=100)
    yield found
    found.close()


@pytest.fixture(scope="module")
def records(tryton: Tryton, connection: Connection) -> Records:
    return {stream.kind: read(tryton, connection, stream) for stream in connection.streams()}


def test_every_row_that_was_provisioned_is_read(tryton: Tryton, records: Records) -> None:
    truth = tryton.manifest
    counts, chains, gaps = truth["counts"], truth["chains"], truth["gap_counts"]
    years = date.fromisoformat(truth["as_of"]).year - date.fromisoformat(truth["window_start"]).year + 1
    extra = gaps.get("duplicate_project", 0) + gaps.get("project_without_sale", 0)

    expected = {
        "legal_entity": counts["company.company"],
        "customer": counts["party.party"] - counts["company.company"] - counts["company.employee"],
        "resource": counts["company.employee"],
        "opportunity": counts["sale.opportunity"],
        "contract": counts["sale.sale"],
        "contract_line": counts["sale.line"],
        "project": sum(len(chain["projects"]) for chain in chains) + extra,
        "milestone": sum(len(chain["tasks"]) for chain in chains if chain["kind"] == "milestone"),
        "allocation": counts["project.allocation"],
        "time_entry": counts["timesheet.line"],
        "invoice": counts["account.invoice"],
        "invoice_line": counts["account.invoice.line"],
        "period": 12 * years * len(truth["companies"]),
    }

    found = {kind: len(entries) for kind, entries in records.items()}
    assert found == expected | {"revenue_line": found["revenue_line"]}
    assert found["revenue_line"] > 0


def test_a_sweep_would_delete_nothing_that_is_there(connection: Connection, records: Records) -> None:
    for stream in connection.streams():
        assert records[stream.kind].keys() <= set(connection.ids(stream)), stream.name


def test_reading_on_from_any_page_loses_nothing(tryton: Tryton, connection: Connection) -> None:
    for stream in connection.streams():
        whole = pages(tryton, connection, stream)
        for n, page in enumerate(whole):
            rest = {row["id"] for later in whole[n + 1 :] for row in later.rows}
            again = {
                row["id"] for found in pages(tryton, connection, stream, page.position) for row in found.rows
            }
            assert rest <= again, (stream.name, page.position)


def test_both_ways_to_sign_in_read_the_same(tryton: Tryton, records: Records) -> None:
    basic = opened(tryton, login="basic", omit=[kind for kind in records if kind != "opportunity"])
    (stream,) = basic.streams()

    assert read(tryton, basic, stream) == records["opportunity"]
    basic.close()


def test_deals_lead_to_sales_to_projects_to_time(tryton: Tryton, records: Records) -> None:
    entries = Counter(entry.project_id for entry in records["time_entry"].values())
    for chain in tryton.manifest["chains"]:
        deal = records["opportunity"][str(chain["opportunity"])]
        sale = records["contract"][str(chain["sale"])]
        assert (deal.status, deal.amount) == ("won", Decimal(chain["amount"]))
        assert deal.won_at.date() == date.fromisoformat(chain["won_on"])
        assert (sale.opportunity_id, sale.amount, sale.signed_at) == (deal.id, deal.amount, deal.won_at)
        projects = [records["project"][str(i)] for i in chain["projects"]]
        assert [project.contract_id for project in projects] == [sale.id] * len(projects)
        assert sum(entries[project.id] for project in projects) == chain["time_entries"]
        native = chain["kind"] == "milestone"
        methods = {project.link_method for project in projects}
        assert methods <= {"native_reference" if native else "same_number"}


def test_invoices_lead_back_to_what_they_bill(tryton: Tryton, records: Records) -> None:
    lines = records["invoice_line"].values()
    for chain in tryton.manifest["chains"]:
        own = [line for line in lines if int(line.invoice_id) in chain["invoices"]]
        projects = {str(i) for i in chain["projects"]}
        sold = {i for i, line in records["contract_line"].items() if line.contract_id == str(chain["sale"])}
        assert all(line.project_id in projects or line.contract_line_id in sold for line in own)
        covers = {"tm": "time", "milestone": "milestone", "retainer": "fee"}[chain["kind"]]
        assert {line.covers for line in own} <= {covers}
        if covers == "milestone":
            assert {int(line.milestone_id) for line in own} <= set(chain["tasks"])


def test_deferred_revenue_sums_to_what_is_recognised(tryton: Tryton, records: Records) -> None:
    """A deferral first takes all revenue back, then posts a share a month: the sum is what was earned."""
    as_of = date.fromisoformat(tryton.manifest["as_of"])
    for chain in tryton.manifest["chains"]:
        if chain["revenue_moves"]:
            (line,) = (i for i, x in records["contract_line"].items() if x.contract_id == str(chain["sale"]))
            own = [x for x in records["revenue_line"].values() if x.contract_line_id == line]
            earned = sum(x.amount for x in own if x.posted_on <= as_of)
            assert len(own) == len(chain["revenue_moves"]) + 1
            assert 0 < earned < Decimal(chain["amount"])


def test_entries_worth_what_is_missing_are_open(tryton: Tryton, records: Records) -> None:
    """The planted amount of unbilled time is found in the entries that no invoice line bills."""
    for gap in tryton.manifest["gaps"]:
        if gap["gap"] == "unbilled_time":
            first, end = date.fromisoformat(gap["from_date"]), date.fromisoformat(gap["before"])
            own = [x for x in records["time_entry"].values() if x.project_id == str(gap["project"])]
            late = [x for x in own if x.invoice_line_id is None and first <= x.work_date < end]
            assert sum(x.hours for x in late) == Decimal(str(gap["hours"]))
            assert sum(x.hours * x.rate for x in late) == Decimal(gap["amount"])


def test_nothing_is_dated_without_a_zone(records: Records) -> None:
    zones = {record.source_updated_at.tzinfo for found in records.values() for record in found.values()}

    assert zones == {UTC}
