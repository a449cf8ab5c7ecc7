"""Every stream of a real Tryton, against what was provisioned into it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date
from decimal import Decimal

import pytest

from collectors.contract import Connection
from tests.real.conftest import Tryton
from tests.real.reading import Records, converted, evening, opened, pages

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def connection(tryton: Tryton) -> Iterator[Connection]:
    found = opened(tryton, page_size=100)
    yield found
    found.close()


@pytest.fixture(scope="module")
def records(tryton: Tryton, connection: Connection) -> Records:
    return {s.kind: converted(s, pages(connection, s, evening(tryton))) for s in connection.streams()}


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
        whole = pages(connection, stream, evening(tryton))
        read = [{row["id"] for row in page.rows} for page in whole]
        assert sum(map(len, read)) == len(set().union(*read)), f"{stream.name} reads a row twice"
        for n, page in enumerate(whole):
            on = pages(connection, stream, evening(tryton), page.position)
            assert set().union(*read[n + 1 :]) <= {row["id"] for later in on for row in later.rows}


def test_both_ways_to_sign_in_read_the_same(tryton: Tryton, records: Records) -> None:
    basic = opened(tryton, login="basic", omit=[kind for kind in records if kind != "opportunity"])
    (stream,) = basic.streams()

    assert converted(stream, pages(basic, stream, evening(tryton))) == records["opportunity"]
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
