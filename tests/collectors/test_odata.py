"""The OData engine: what it asks in each version, and what it makes of answers that are not whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError

from collectors.contract import Page
from collectors.decode import decode
from collectors.engines.odata import ODataConnection
from collectors.engines.odata_query import queried
from collectors.engines.odata_settings import ODataSettings
from collectors.errors import FatalError
from collectors.mapping.chains import chains
from queries.rows import Source
from sandbox.apis.api import Fault
from sandbox.apis.cap import Cap
from sandbox.apis.serving import serving
from sandbox.apis.shelf import Shelf

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
PROJECT: dict[str, Any] = {
    "entity": "Projects",
    "service": "v4/psa",
    "version": "modifiedAt",
    "fields": {"id": "ID", "name": "title", "status": {"constant": "active"}},
}
LINE: dict[str, Any] = {
    "entity": "Invoices",
    "service": "v2/billing",
    "odata": 2,
    "lines": "items",
    "key": "number",
    "changed": "modifiedAt",
    "fields": {
        "id": {"template": "{number}:{ID}", "paths": {"number": "_parent.number"}},
        "source_updated_at": {"path": "_parent.modifiedAt"},
        "currency": {"path": "_parent.currency"},
        "amount": "net",
    },
}


@contextmanager
def cap(
    kind: str, stream: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Cap, ODataConnection]]:
    """A simulated service, and a connection that reads one stream of it."""
    monkeypatch.setenv("PSA_PASSWORD", Cap.secret)
    api = Cap(Shelf(lambda: NOW))
    with serving(api.app()) as base:
        settings = ODataSettings.model_validate(
            {"root": f"{base}/odata", "auth": AUTH, "streams": {kind: stream}}
        )
        connection = ODataConnection("psa", settings)
        yield api, connection
        connection.close()


AUTH = {"style": "basic", "user": Cap.user, "password_env": "PSA_PASSWORD"}


def params(stream: dict[str, Any], **system: Any) -> dict[str, Any]:
    """What is asked of the entity set."""
    told = ODataSettings.model_validate(
        {"root": "https://x.example", "streams": {"project": stream}, **system}
    )
    return dict(queried("project", told.streams["project"], told).rest().read.params)


def read(connection: ODataConnection, now: datetime = NOW) -> list[Page]:
    (stream,) = connection.streams()
    return list(connection.pages(stream, None, now))


def fill(api: Cap, *numbers: int) -> None:
    for number in numbers:
        stamp = NOW - timedelta(days=1) + timedelta(minutes=number)
        api.shelf.put("Projects", str(number), {"title": f"P{number}"}, stamp=stamp)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a", {("a",)}),
        ("to_Item[0].NetAmount", {("to_Item", "NetAmount")}),
        ("hours || rounded.hours", {("hours",), ("rounded", "hours")}),
        (
            "to_Partner[?Function=='AG'].Customer | [0]",
            {("to_Partner", "Function"), ("to_Partner", "Customer")},
        ),
        ("sum(to_Item[*].NetAmount)", {("to_Item", "NetAmount")}),
        ("_parent.Currency", {("_parent", "Currency")}),
        ("'fixed'", set()),
        ("{a: x, b: [y.z, `1`]}", {("x",), ("y", "z")}),
    ],
)
def test_a_path_tells_which_properties_it_reads(expression: str, found: set[tuple[str, ...]]) -> None:
    assert chains(expression) == found


@pytest.mark.parametrize(
    ("odata", "types", "asked"),
    [
        (4, {}, "modifiedAt ge {since} and modifiedAt lt {until}"),
        (4, {"modifiedAt": "Date"}, "modifiedAt ge {since_day} and modifiedAt le {until_day}"),
        (2, {}, "modifiedAt ge datetimeoffset'{since}' and modifiedAt lt datetimeoffset'{until}'"),
        (
            2,
            {"modifiedAt": "DateTime"},
            "modifiedAt ge datetime'{since}' and modifiedAt lt datetime'{until}'",
        ),
        (
            2,
            {"modifiedAt": "Date"},
            "modifiedAt ge datetime'{since_day}T00:00:00' and modifiedAt le datetime'{until_day}T00:00:00'",
        ),
    ],
)
def test_what_changed_is_asked_for_as_its_type_is_written(
    odata: int, types: dict[str, str], asked: str
) -> None:
    told = params({**PROJECT, "types": types}, odata=odata)

    assert (told["$filter"], told["$orderby"]) == (asked, "modifiedAt,ID")


def test_either_of_two_properties_may_say_what_changed() -> None:
    told = params(
        {**PROJECT, "changed": ["modifiedAt", "created"], "types": {"created": "Date"}, "filter": "a eq 1"}
    )

    assert told["$filter"] == (
        "((modifiedAt ge {since} and modifiedAt lt {until}) or (created ge {since_day} and created le {until_day}))"
        " and (a eq 1)"
    )


@pytest.mark.parametrize(
    ("odata", "select", "expand"),
    [
        (2, "ID,modifiedAt,title,customer/ID,team,customer/owner/name", "customer,customer/owner,team"),
        (4, "ID,modifiedAt,title", "customer($select=ID;$expand=owner($select=name)),team"),
    ],
)
def test_what_is_mapped_is_selected_along_navigations(odata: int, select: str, expand: str) -> None:
    fields = {
        **PROJECT["fields"],
        "customer_id": {"path": "customer.ID"},
        "manager": {"path": "customer.owner.name"},
    }
    told = params({**PROJECT, "fields": fields, "expand": ["customer.owner", "team"]}, odata=odata)

    assert sorted(told["$select"].split(",")) == sorted(select.split(","))
    assert told["$expand"] == expand


def test_a_structured_property_is_asked_for_whole_and_an_annotation_not_at_all() -> None:
    fields = {
        **PROJECT["fields"],
        "name": {"path": "label.text"},
        "number": "code@OData.Community.Display.V1.FormattedValue",
    }

    assert params({**PROJECT, "fields": fields})["$select"] == "ID,code,label,modifiedAt"


def test_rows_already_named_as_ours_are_asked_for_whole() -> None:
    told = params({"entity": "Projects", "expand": "customer"}, odata=2)

    assert "$select" not in told
    assert told["$filter"].startswith("source_updated_at ge ")


def test_rows_moved_by_top_and_skip_are_all_read(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = {**PROJECT, "paging": "skip", "page_size": 2}
    with cap("project", stream, monkeypatch) as (api, connection):
        fill(api, *range(5))
        found = read(connection)

    assert [row["ID"] for page in found for row in page.rows] == ["0", "1", "2", "3", "4"]
    assert [parse_qs(asked.partition("?")[2])["$skip"] for asked in api.asked] == [["0"], ["2"], ["4"]]


def test_a_row_that_changes_between_two_pages_leaves_the_stream_unproven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The server counts rows to find the next page: one that moves on makes it skip another."""
    with cap("project", PROJECT, monkeypatch) as (api, connection):
        api.page_cap = 2
        fill(api, *range(6))
        (stream,) = connection.streams()
        pages = connection.pages(stream, None, NOW)
        first = next(pages)
        api.shelf.change("Projects", "0", title="moved")
        rest = list(pages)
        assert rest[-1].truncated
        again = list(connection.pages(stream, rest[-1].position, NOW + timedelta(minutes=5)))

    seen = [row["ID"] for page in (first, *rest) for row in page.rows]
    assert seen == ["0", "1", "3", "4", "5"]
    assert "2" in {row["ID"] for page in again for row in page.rows}
    assert not again[-1].truncated


def test_lines_that_do_not_all_come_with_their_invoice_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    held = {"number": "RE-1", "modifiedAt": "/Date(1793404800000+0000)/", "currency": "EUR"}
    items = {"results": [{"ID": "10", "net": "5.50"}], "__next": "https://inner.example/more"}
    answer = Fault(200, {"d": {"results": [{**held, "items": items}], "__count": "1"}})
    with cap("invoice_line", LINE, monkeypatch) as (api, connection):
        api.fail(answer)
        (stream,) = connection.streams()
        decoded = decode(stream, Source("psa"), next(iter(connection.pages(stream, None, NOW))).rows)

    assert [record.id for record in decoded.records] == ["RE-1:10"]
    assert "it has more items than come with it" in decoded.rejects[0].reason


def test_an_old_service_lists_rows_in_d_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = {**PROJECT, "service": "v4/psa", "odata": 2}
    row = {"ID": "1", "title": "Old", "modifiedAt": "/Date(1793404800000)/", "__metadata": {"uri": "x"}}
    with cap("project", stream, monkeypatch) as (api, connection):
        api.fail(Fault(200, {"d": [row]}))
        assert [row["title"] for page in read(connection) for row in page.rows] == ["Old"]


@pytest.mark.parametrize("odata", [2, 4])
def test_a_property_that_does_not_exist_is_named(odata: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = LINE if odata == 2 else PROJECT
    fields = {**stream["fields"], "hours" if odata == 2 else "number": "Nope"}
    with (
        cap("invoice_line" if odata == 2 else "project", {**stream, "fields": fields}, monkeypatch) as (
            _,
            connection,
        ),
        pytest.raises(FatalError, match='400: Property "Nope" does not exist in'),
    ):
        read(connection)


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        ({**PROJECT, "types": {"modifiedAt": "DateTime"}}, "version 4 has no DateTime"),
        (
            {**PROJECT, "odata": 2, "changed": ["modifiedAt", "b"], "types": {"b": "DateTime"}},
            "cannot both say what changed",
        ),
        ({**PROJECT, "odata": 3}, "Input should be 2 or 4"),
        ({**PROJECT, "fields": {"name": "title"}}, "fields.id is missing"),
    ],
)
def test_what_cannot_be_asked_is_refused_at_start(stream: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        params(stream)


def test_what_is_dated_late_is_found_by_reading_far_back_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = {**PROJECT, "reread": {"every": "6h", "back": "62d"}}
    with cap("project", stream, monkeypatch) as (api, connection):
        (one,) = connection.streams()
        position = list(connection.pages(one, None, NOW))[-1].position
        api.shelf.put("Projects", "late", {"title": "Late"}, stamp=NOW - timedelta(days=40))
        soon = list(connection.pages(one, position, NOW + timedelta(hours=1)))
        later = list(connection.pages(one, soon[-1].position, NOW + timedelta(hours=7)))

    assert [row["title"] for page in soon for row in page.rows] == []
    assert [row["title"] for page in later for row in page.rows] == ["Late"]
