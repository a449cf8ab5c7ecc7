"""What a poll sees after somebody worked in a real Tryton: only on a server of our own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from collectors.contract import Connection
from collectors.engines.jsonrpc import JsonRpc, RpcAccess
from tests.real.conftest import ADDRESS, Tryton
from tests.real.reading import converted, opened, pages

pytestmark = pytest.mark.real


class Person:
    """Does what a person does in the client."""

    def __init__(self, rpc: JsonRpc) -> None:
        self.rpc = rpc
        only_context = True
        self.context = rpc.call("model.res.user.get_preferences", only_context, {})

    def does(self, method: str, *params: Any) -> Any:
        return self.rpc.call(f"model.{method}", *params, self.context)

    def credits(self, invoice: int, day: str) -> None:
        wizard = "wizard.account.invoice.credit"
        context = self.context | {"active_model": "account.invoice", "active_id": invoice}
        context |= {"active_ids": [invoice], "action_id": None}
        session, *_ = self.rpc.call(f"{wizard}.create", context)
        wanted = {"with_refund": True, "with_refund_allowed": True, "invoice_date": on(day)}
        self.rpc.call(f"{wizard}.execute", session, {}, "start", context)
        self.rpc.call(f"{wizard}.execute", session, {"start": wanted}, "credit", context)


def on(day: str) -> dict[str, Any]:
    year, month, number = map(int, day.split("-"))
    return {"__class__": "date", "year": year, "month": month, "day": number}


class Watcher:
    """Polls streams one after the other, each from where it stopped."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.streams = {stream.name: stream for stream in connection.streams()}
        self.positions: dict[str, str | None] = {}

    def poll(self, name: str) -> dict[str, Any]:
        stream = self.streams[name]
        found = pages(self.connection, stream, datetime.now(UTC), self.positions.get(name))
        self.positions[name] = found[-1].position
        return converted(stream, found)


@pytest.fixture
def watcher(tryton: Tryton) -> Iterator[Watcher]:
    if not tryton.own:
        pytest.skip(f"the server in {ADDRESS} is not ours to change")
    connection = opened(tryton)
    yield Watcher(connection)
    connection.close()


@pytest.fixture
def person(tryton: Tryton, watcher: Watcher) -> Iterator[Person]:
    keys = {name: value for name, value in tryton.settings.items() if name != "password"}
    rpc = JsonRpc(RpcAccess(system="a person", password=SecretStr(tryton.password), **keys))
    yield Person(rpc)
    rpc.close()


def test_a_renamed_project_and_its_time_follow_the_sale_it_names(
    tryton: Tryton, watcher: Watcher, person: Person
) -> None:
    deal = next(
        chain for chain in tryton.manifest["chains"] if chain["kind"] == "tm" and chain["time_entries"]
    )
    project, sale = deal["projects"][0], str(deal["sale"])
    watcher.poll("project")
    before = [x for x in watcher.poll("time_entry").values() if x.project_id == str(project)]

    person.does("project.work.write", [project], {"name": "Named after nothing"})
    untied = watcher.poll("project")[str(project)]
    adrift = [x for x in watcher.poll("time_entry").values() if x.project_id == str(project)]
    person.does("project.work.write", [project], {"name": f"{deal['sale_number']} again"})
    tied = watcher.poll("project")[str(project)]
    back = [x for x in watcher.poll("time_entry").values() if x.project_id == str(project)]

    assert (untied.contract_id, tied.contract_id) == (None, sale)
    assert {x.contract_line_id for x in adrift} == {None}
    assert {x.contract_line_id for x in back} == {x.contract_line_id for x in before}
    assert len(before) == len(adrift) == len(back) == deal["time_entries"]
    newer = zip(before, adrift, back, strict=True)
    assert all(a.source_updated_at <= b.source_updated_at <= c.source_updated_at for a, b, c in newer)


def test_time_moves_with_the_task_it_was_spent_on(tryton: Tryton, watcher: Watcher, person: Person) -> None:
    deals = [c for c in tryton.manifest["chains"] if c["kind"] == "tm" and c["time_entries"]]
    here = deals[0]
    there = next(c for c in deals[1:] if c["company"] == here["company"])
    old, new = str(here["projects"][0]), str(there["projects"][0])
    moved = {i for i, x in watcher.poll("time_entry").items() if x.project_id == old}

    for task in here["tasks"]:
        person.does("project.work.write", [task], {"parent": int(new)})
    found = watcher.poll("time_entry")
    for task in here["tasks"]:
        person.does("project.work.write", [task], {"parent": int(old)})

    assert {found[i].project_id for i in moved} == {new}


def test_a_draft_posting_counts_once_it_is_posted(tryton: Tryton, watcher: Watcher, person: Person) -> None:
    company, day = tryton.manifest["companies"][0], on(tryton.manifest["as_of"])
    named = [["company", "=", company["id"]], ["end_date", ">=", day]]
    (period,) = person.does("account.period.search", named, 0, 1, [["start_date", "ASC"]])
    (journal,) = person.does("account.journal.search", [["type", "=", "revenue"]], 0, 1, None)
    five = {"__class__": "Decimal", "decimal": "5.00"}
    lines = [
        {"account": company["revenue_account"], "credit": five},
        {"account": company["deferred_account"], "debit": five},
    ]
    watcher.poll("revenue_line")

    values = {"company": company["id"], "journal": journal, "period": period, "date": day}
    move = person.does("account.move.create", [values | {"lines": [["create", lines]]}])
    drafted = watcher.poll("revenue_line").keys()
    person.does("account.move.post", move)
    posted = watcher.poll("revenue_line")

    (new,) = posted.keys() - drafted
    assert (str(posted[new].amount), posted[new].state) == ("5.00", "posted")


def test_an_invoice_credited_whole_and_its_credit_note_cancel_out(
    tryton: Tryton, watcher: Watcher, person: Person
) -> None:
    billed = {i for c in tryton.manifest["chains"] if c["kind"] == "milestone" for i in c["invoices"]}
    invoices, lines = watcher.poll("invoice"), watcher.poll("invoice_line")
    original = next(i for i, x in invoices.items() if int(i) in billed and x.status == "posted")
    (sold,) = (x for x in lines.values() if x.invoice_id == original)
    watcher.poll("revenue_line")

    person.credits(int(original), tryton.manifest["as_of"])

    changed = watcher.poll("invoice")
    (note,) = (x for x in changed.values() if x.kind == "credit_note")
    (credit,) = (x for x in watcher.poll("invoice_line").values() if x.invoice_id == note.id)
    (back,) = (x for x in watcher.poll("revenue_line").values() if x.amount < 0)
    assert (changed[original].status, note.status, note.credits_id) == ("paid", "paid", original)
    assert (credit.amount, credit.credits_line_id) == (sold.amount, sold.id)
    assert credit.contract_line_id == sold.contract_line_id
    assert (back.amount, back.milestone_id) == (-sold.amount, sold.milestone_id)
