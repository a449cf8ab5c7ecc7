"""What a mapping makes of rows as others write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.errors import FatalError, SkippableError
from collectors.mapping import (
    Format,
    Mapped,
    StreamMapping,
    canonical_parser,
    check_sample,
    compile_mapping,
    refuse_unfit,
)
from tests.collectors.exports import GERMAN, decoded

STATUS = {
    "when": [
        {
            "all": [{"column": "Stat", "is": "In Arbeit"}, {"column": "Inaktiv", "is": False}],
            "then": "active",
        },
        {"any": [{"column": "Stat", "in": ["Fertig", "Alt"]}], "then": "complete"},
    ],
    "else": "planned",
}


def compiled(kind: str, fields: dict[str, Any], fmt: dict[str, Any] | None = None, **stream: Any) -> Mapped:
    mapping = StreamMapping.model_validate({"fields": fields, **stream})
    return compile_mapping(f"psa_a/{kind}", kind, mapping, Format.model_validate(fmt or {}))


def project(**fields: Any) -> Mapped:
    return compiled("project", {"id": "Nr", "status": {"constant": "active"}, **fields}, GERMAN)


def entry(**fields: Any) -> Mapped:
    base = {"id": "Id", "work_date": "Tag", "hours": "Std", "status": {"constant": "approved"}}
    return compiled("time_entry", {**base, **fields}, GERMAN)


def test_a_local_row_becomes_a_record() -> None:
    mapped = entry(rate="Satz", billable="Abr", approved_at="Frei", source_updated_at="Frei")
    row = {
        "Id": " T1 ",
        "Tag": "20.11.2026",
        "Std": "7,50",
        "Satz": "1.150,00",
        "Abr": "nein",
        "Frei": "20.11.2026 18:00",
    }

    record = decoded("time_entry", [mapped.parse(row)])[0]

    assert (record.id, record.work_date, record.hours) == ("T1", date(2026, 11, 20), Decimal("7.50"))
    assert (record.rate, record.billable) == (Decimal("1150.00"), False)
    assert record.approved_at == datetime(2026, 11, 20, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stat", "inactive", "status"),
    [
        ("In Arbeit", "F", "active"),
        ("In Arbeit", "T", "planned"),
        ("Fertig", "F", "complete"),
        ("Alt", "-", "complete"),
    ],
)
def test_several_columns_decide(stat: str, inactive: str, status: str) -> None:
    assert project(status=STATUS).parse({"Nr": "1", "Stat": stat, "Inaktiv": inactive})["status"] == status


@pytest.mark.parametrize(
    ("test", "value", "holds"),
    [
        ({"is": "x"}, "x", True),
        ({"is": "x"}, " x ", True),
        ({"is": 5}, "5", True),
        ({"is": True}, "Ja", True),
        ({"is": True}, "", False),
        ({"in": ["a", "b"]}, "b", True),
        ({"in": ["a", "b"]}, "c", False),
        ({"not": "a"}, "b", True),
        ({"not": ["a", "b"]}, "b", False),
        ({"not": "a"}, None, True),
        ({"present": True}, "N/A", False),
        ({"present": False}, "-", True),
        ({"is": "-"}, "-", True),
    ],
)
def test_conditions(test: dict[str, Any], value: Any, holds: bool) -> None:
    rule = {"when": [{"all": [{"column": "C", **test}], "then": "active"}], "else": "closed"}

    assert project(status=rule).parse({"Nr": "1", "C": value})["status"] == ("active" if holds else "closed")


def test_no_case_and_no_else_is_refused_with_what_the_columns_hold() -> None:
    rule = {"when": [{"all": [{"column": "Stat", "is": "An"}], "then": "active"}]}

    with pytest.raises(SkippableError, match=r"record 1: no case of when fits .*'Stat' is 'Aus'"):
        project(status=rule).parse({"Nr": "1", "Stat": "Aus"})


def test_then_may_be_a_column_and_else_nothing() -> None:
    rule = {"when": [{"all": [{"column": "Stat", "is": "An"}], "then": {"column": "Seit"}}], "else": ""}
    mapped = project(activated_at=rule)

    assert mapped.parse({"Nr": "1", "Stat": "An", "Seit": "1.7.2026"})["activated_at"] == datetime(
        2026, 6, 30, 22, tzinfo=UTC
    )
    assert "activated_at" not in mapped.parse({"Nr": "1", "Stat": "Aus", "Seit": "kaputt"})


def test_an_untranslated_value_is_named_with_its_column_and_the_known_ones() -> None:
    mapped = project(status={"column": "Stat", "values": {"Paid In Full": "closed", "Open": "active"}})

    with pytest.raises(SkippableError, match=r"'Stat': 'Open-ish' has no .*'Paid In Full', 'Open'") as caught:
        mapped.parse({"Nr": "P7", "Stat": "Open-ish", "_origin": "Projekte.txt:12"})

    assert "psa_a/project: record P7 (Projekte.txt:12)" in str(caught.value)
    assert caught.value.fields == {"id": "P7"}


def test_a_row_that_cannot_be_read_still_names_whom_it_is_about() -> None:
    mapped = entry(project_id={"template": "{Src}:{Prj}"})

    with pytest.raises(SkippableError) as caught:
        mapped.parse({"Id": "T1", "Tag": "gestern", "Std": "8", "Src": "A", "Prj": "P7"})

    assert caught.value.fields["project_id"] == "A:P7"


def test_a_default_stands_in_for_nothing_and_for_the_unknown() -> None:
    mapped = project(status={"column": "S", "values": {"x": "closed"}, "default": "planned"})

    assert [mapped.parse({"Nr": "1", "S": value})["status"] for value in ("x", "y", "", None)] == [
        "closed", "planned", "planned", "planned",
    ]  # fmt: skip


def test_a_reference_is_composed_or_absent() -> None:
    mapped = project(
        project_id={"template": "{Source}:{Id}"},
        project_system={"column": "Source", "values": {"PSA-A": "psa_a"}},
    )

    found = mapped.parse({"Nr": "1", "Source": "PSA-A", "Id": 7})
    assert (found["project_id"], found["project_system"]) == ("PSA-A:7", "psa_a")
    assert "project_id" not in mapped.parse({"Nr": "1", "Source": "PSA-A", "Id": "-"})


def test_nested_rows_are_read_by_path() -> None:
    mapped = project(name={"path": "a.names[0]"}, number={"template": "{n}/{k}", "paths": {"k": "a.key"}})

    found = mapped.parse({"Nr": 1, "n": 2, "a": {"names": ["Nordwind"], "key": "K"}})

    assert (found["id"], found["name"], found["number"]) == ("1", "Nordwind", "2/K")


def test_cents_become_money() -> None:
    assert project(rate={"column": "Ct", "divide": 100}).parse({"Nr": "1", "Ct": "115000"})["rate"] == 1150


def test_the_newest_of_several_version_columns_counts() -> None:
    mapped = compiled("project", {"id": "Nr", "status": {"constant": "active"}}, GERMAN, version=["A", "B"])
    row = {"Nr": "1", "A": "20.11.2026 10:00", "B": "20.11.2026 12:00"}

    assert mapped.parse(row)["source_updated_at"] == datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert mapped.version({**row, "B": "-"}) == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert mapped.changes == ("A", "B")


def test_changed_names_other_columns_to_ask_the_source_by() -> None:
    fields = {"id": "Nr", "status": {"constant": "active"}, "source_updated_at": "Mod"}

    assert compiled("project", fields).changes == ("Mod",)
    assert compiled("project", fields, changed="Ping").changes == ("Ping",)


@pytest.mark.parametrize(
    ("deleted", "row", "gone"),
    [
        ("Weg", {"Weg": "Ja"}, True),
        ("Weg", {"Weg": "Nein"}, False),
        ("Weg", {"Weg": ""}, False),
        ({"column": "Stat", "is": "X"}, {"Stat": "X"}, True),
        (
            {"any": [{"column": "A", "is": "1"}, {"column": "B", "present": True}]},
            {"A": "0", "B": "20"},
            True,
        ),
    ],
)
def test_a_deleted_row_was_deleted_when_it_last_changed(
    deleted: Any, row: dict[str, str], gone: bool
) -> None:
    fields = {"id": "Nr", "status": {"constant": "active"}}
    mapped = compiled("project", fields, GERMAN, version="Mod", deleted=deleted)

    found = mapped.parse({"Nr": "1", "Mod": "2026-11-20T18:00:00Z", **row})

    assert found.get("deleted_at") == (datetime(2026, 11, 20, 18, tzinfo=UTC) if gone else None)


def test_the_version_a_reader_adds_is_used_when_the_row_has_none() -> None:
    row = {"Nr": "1", "_version": "2026-11-20T18:00:00Z"}

    assert project().parse(row)["source_updated_at"] == "2026-11-20T18:00:00Z"
    own = project(source_updated_at="Mod").parse({**row, "Mod": "1.2.2026"})
    assert own["source_updated_at"] == datetime(2026, 1, 31, 23, tzinfo=UTC)


def test_a_row_its_reader_calls_faulty_is_refused_as_far_as_it_names_anything() -> None:
    with pytest.raises(SkippableError, match="3 cells") as caught:
        project(contract_id="V").parse({"Nr": "1", "V": "V7", "_fault": "x.csv: line 3: 3 cells"})

    assert caught.value.fields == {"id": "1", "status": "active", "contract_id": "V7"}


def test_a_row_without_id_is_refused() -> None:
    with pytest.raises(SkippableError, match=r"x.csv:3.*it has no id"):
        project().parse({"Nr": "N/A", "_origin": "x.csv:3"})


def test_a_stream_inherits_the_systems_format_key_by_key() -> None:
    fields = {"id": "Nr", "status": {"constant": "active"}, "rate": "Satz", "activated_at": "Seit"}
    mapped = compiled("project", fields, GERMAN, format={"decimal": ".", "thousands": ","})

    found = mapped.parse({"Nr": "1", "Satz": "1,150.00", "Seit": "20.11.2026"})

    assert (found["rate"], found["activated_at"].hour) == (Decimal(1150), 23)


def test_without_fields_only_the_format_is_local() -> None:
    mapped = compiled("time_entry", {}, GERMAN)

    found = mapped.parse({"id": "1", "hours": "7,5", "work_date": "1.2.2026", "status": "draft", "name": "?"})

    assert found == {"id": "1", "work_date": date(2026, 2, 1), "hours": Decimal("7.5"), "status": "draft"}


def test_same_names_takes_the_rest_by_name() -> None:
    mapped = compiled("project", {"status": {"constant": "active"}}, same_names=True)

    assert mapped.parse({"id": "1", "name": "N", "other": "x"}) == {
        "id": "1",
        "name": "N",
        "status": "active",
    }


def test_an_overlay_reads_single_fields_only() -> None:
    mapping = StreamMapping.model_validate({"fields": {"services_amount": "Services__c"}})
    mapped = compile_mapping("crm/opportunity", "opportunity", mapping, Format(), overlay=True)

    assert mapped.parse({"Id": "1", "Services__c": 10.5}) == {"services_amount": Decimal("10.5")}


ENTRIES: list[tuple[Any, dict[str, Any], list[dict[str, Any]]]] = [
    ("T1:4,5;T2", {}, [{"id": "T1", "hours": Decimal("4.5")}, {"id": "T2"}]),
    ("A:T1; ;B:T2:3", {}, [{"id": "A:T1"}, {"id": "B:T2", "hours": Decimal(3)}]),
    (["T1", 2], {}, [{"id": "T1"}, {"id": "2"}]),
    ([{"id": 3, "hours": 1.5, "system": "psa"}], {}, [{"id": "3", "hours": Decimal("1.5"), "system": "psa"}]),
    ("1=2,7=1", {"separator": ",", "hours_mark": "="}, [
        {"id": "1", "hours": Decimal(2)}, {"id": "7", "hours": Decimal(1)}]),
    ("1", {"each": "{Q}:{}", "system": "psa"}, [{"id": "Z:1", "system": "psa"}]),
    ("A:1", {"hours_mark": ""}, [{"id": "A:1"}]),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "how", "found"), ENTRIES)
def test_billed_time_entries_are_listed(cell: Any, how: dict[str, str], found: list[dict[str, Any]]) -> None:
    rule = {"column": "E", "entries": how} if how else "E"
    fields = {"id": "Id", "currency": {"constant": "EUR"}, "amount": "B", "time_entries": rule}

    record = compiled("invoice_line", fields, GERMAN).parse({"Id": "1", "B": "1,00", "E": cell, "Q": "Z"})

    assert record["time_entries"] == found


def test_a_sample_says_everything_that_cannot_be_read() -> None:
    mapped = entry(status={"column": "S", "values": {"A": "approved"}}, project_id="Prj")
    rows = [
        {"Id": "1", "Tag": "1.2.2026", "Std": "x", "S": "B"},
        {"Id": "", "Tag": "??", "Std": "8", "S": "B"},
    ]

    problems = check_sample(mapped, rows)

    assert [problem for problem in problems if "'Prj' does not exist" in problem]
    assert "status: column 'S': 'B' has no translation; known: 'A' (2 of 2 rows)" in problems
    assert [
        problem for problem in problems if problem.startswith("work_date: column 'Tag': '??' is not a date")
    ]
    assert "id: it is empty, and must not be (1 of 2 rows)" in problems


def test_a_good_sample_has_no_problems_and_an_empty_one_proves_nothing() -> None:
    rows = [{"Id": "1", "Tag": "1.2.2026", "Std": "8"}]

    assert check_sample(entry(), rows) == []
    assert check_sample(entry(), []) == ["the sample holds no row"]


def test_a_path_that_finds_nothing_is_a_problem() -> None:
    assert check_sample(project(name={"path": "a.b"}), [{"Nr": "1"}]) == [
        "path 'a.b' finds nothing in any of 1 rows"
    ]


def test_a_mapping_that_reads_not_one_row_is_not_used() -> None:
    bad = {"Id": "1", "Tag": "morgen", "Std": "8"}

    with pytest.raises(
        FatalError, match=r"psa_a/time_entry: the mapping reads none of the first 10 rows.*morgen"
    ):
        refuse_unfit(entry(), [bad] * 10)
    refuse_unfit(entry(), [*[bad] * 9, {**bad, "Tag": "1.2.2026"}])
    refuse_unfit(entry(), [bad])


def test_canonical_rows_only_lose_what_is_empty_or_unknown() -> None:
    parse = canonical_parser("psa/time_entry", "time_entry")
    row = {
        "id": "1",
        "hours": "8",
        "billable": False,
        "rate": "",
        "held": None,
        "extra": "x",
        "_origin": "f:2",
    }

    assert parse(row) == {"id": "1", "hours": "8", "billable": False}
    with pytest.raises(SkippableError, match="f:2: it has no id"):
        parse({**row, "id": ""})


def test_canonical_invoice_lines_list_their_entries() -> None:
    parse = canonical_parser("erp/invoice_line", "invoice_line")

    assert parse({"id": "1", "time_entries": "T1:4.5;T2"})["time_entries"] == [
        {"id": "T1", "hours": Decimal("4.5")}, {"id": "T2"},
    ]  # fmt: skip
    with pytest.raises(SkippableError, match="record 1: time_entries"):
        parse({"id": "1", "time_entries": [{"hours": 1}]})
