"""Records enter the store exactly, once, and in their newest version, however often and in whatever order they come."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from queries.ingest import mark_deleted, stored_ids
from queries.rows import Source
from tests.cast import K1, Cast, utc
from tests.queries.looking import NOW, STRANGE_IDS, amount, arrive, deal, row

OLD, NEW = "2026-11-01T00:00Z", "2026-11-02T00:00Z"


def test_the_same_batch_again_is_no_news(firm: Cast) -> None:
    batch = [deal(firm, "O1", amount="10"), deal(firm, "O2", amount="20")]
    first = arrive(firm, *batch)
    before = firm.snapshot()

    again = arrive(firm, *batch)

    assert (first.changed, len(first.touched)) == (2, 2)
    assert (again.changed, again.touched) == (0, set())
    assert firm.snapshot() == before


def test_an_empty_batch_does_nothing(firm: Cast) -> None:
    assert (arrive(firm).changed, firm.snapshot()["opportunity"]) == (0, [])


@pytest.mark.parametrize("order", [(OLD, NEW), (NEW, OLD), (OLD, NEW, OLD), (NEW, NEW, OLD)])
@pytest.mark.parametrize("together", [True, False])
def test_a_newer_version_never_loses_to_an_older_one(
    firm: Cast, order: tuple[str, ...], together: bool
) -> None:
    versions = [deal(firm, at=at, amount="1" if at == OLD else "2") for at in order]
    batches = [versions] if together else [[version] for version in versions]
    for batch in batches:
        arrive(firm, *batch)

    assert amount(firm, "opportunity", "O1") == "2.00"


def test_of_equal_versions_with_other_content_the_later_poll_wins(firm: Cast) -> None:
    assert arrive(firm, deal(firm, at=OLD, amount="1")).changed == 1
    assert arrive(firm, deal(firm, at=OLD, amount="2")).changed == 1
    assert arrive(firm, deal(firm, at=OLD, amount="3"), deal(firm, at=OLD, amount="4")).changed == 1

    assert amount(firm, "opportunity", "O1") == "4.00"


def test_a_page_with_an_id_twice_keeps_its_newest_version(firm: Cast) -> None:
    versions = [deal(firm, at=f"2026-11-0{day}T00:00Z", amount=str(day)) for day in (1, 2, 3)]
    for order in permutations(versions):
        firm.delete("opportunity", "crm", "O1")
        assert arrive(firm, *order).changed == 1
        assert amount(firm, "opportunity", "O1") == "3.00"


def test_a_newer_version_with_the_same_content_is_still_newer(firm: Cast) -> None:
    arrive(firm, deal(firm, at=OLD, amount="1"))
    arrive(firm, deal(firm, at=NEW, amount="1"))
    arrive(firm, deal(firm, at="2026-11-01T12:00Z", amount="9"))

    assert amount(firm, "opportunity", "O1") == "1.00"


def test_the_same_id_in_two_systems_is_two_records(firm: Cast) -> None:
    firm.project("P1", "psa", name="theirs")
    firm.project("P1", "erp", name="ours")

    assert sorted(item[0] for item in firm.snapshot()["project"]) == ["erp", "psa"]


# ---- leaving and coming back -----------------------------------------------------------------


def test_a_record_that_left_its_source_is_marked_and_touches_its_engagement(firm: Cast) -> None:
    firm.deal("O1")
    firm.deal("O2")

    done = mark_deleted(firm.connection, "opportunity", "crm", ["O1", "never seen"], NOW)

    assert done.touched == {"opportunity:crm:O1"}
    assert row(firm, "opportunity", "O1")["deleted_at"] == NOW
    assert stored_ids(firm.connection, "opportunity", "crm") == {"O2"}
    assert not mark_deleted(firm.connection, "opportunity", "crm", ["O1"], NOW + timedelta(1)).touched
    assert row(firm, "opportunity", "O1")["deleted_at"] == NOW


def test_a_deleted_record_that_is_seen_again_is_back_though_nothing_else_changed(firm: Cast) -> None:
    record = deal(firm, at=OLD)
    arrive(firm, record)
    firm.delete("opportunity", "crm", "O1")

    assert arrive(firm, record).changed == 1
    assert row(firm, "opportunity", "O1")["deleted_at"] is None


def test_an_old_version_that_comes_late_brings_nothing_back(firm: Cast) -> None:
    arrive(firm, deal(firm, at=NEW))
    firm.delete("opportunity", "crm", "O1")

    assert arrive(firm, deal(firm, at=OLD)).changed == 0
    assert row(firm, "opportunity", "O1")["deleted_at"] is not None


@pytest.mark.parametrize("first", ["deletion", "record"])
def test_a_deletion_the_source_signals_is_a_version_like_any_other(firm: Cast, first: str) -> None:
    there, gone = deal(firm, at=OLD), deal(firm, at=NEW, deleted_at=NEW)
    for record in (there, gone) if first == "record" else (gone, there):
        arrive(firm, record)

    assert row(firm, "opportunity", "O1")["deleted_at"] == utc(NEW)


def test_time_that_left_is_no_longer_open_and_open_again_when_it_returns(firm: Cast) -> None:
    firm.time("T1", at=OLD)
    firm.delete("time_entry", "psa", "T1")
    assert not row(firm, "time_entry", "T1")["is_open"]

    firm.time("T1", at=OLD)
    assert row(firm, "time_entry", "T1")["is_open"]


# ---- exact values ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "given", "minor", "shown"),
    [
        ("GBP", "133283.00", 13328300, "133283.00"),
        ("JPY", "1234", 1234, "1234"),
        ("JPY", "1234.5", 1235, "1235"),
        ("KWD", "1.234", 1234, "1.234"),
        ("KWD", "0.0005", 1, "0.001"),
        ("GBP", "0.1", 10, "0.10"),
        ("GBP", "-0.005", -1, "-0.01"),
        ("GBP", "1e3", 100000, "1000.00"),
        ("GBP", "90071992547409.93", 9007199254740993, "90071992547409.93"),
    ],
)
def test_money_is_kept_to_the_minor_unit_on_every_engine(
    firm: Cast, currency: str, given: str, minor: int, shown: str
) -> None:
    arrive(firm, deal(firm, amount=given, currency=currency))

    assert row(firm, "opportunity", "O1")["amount"] == minor
    assert amount(firm, "opportunity", "O1") == shown


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"amount": "NaN"}, "NaN is not a number"),
        ({"amount": "-Infinity"}, "-Infinity is not a number"),
        ({"amount": "92233720368547758.08"}, "too large"),
        ({"amount": "1e400"}, "too large"),
        ({"amount": "1e999999"}, "too large"),
        ({"name": "a\0b"}, "NUL character"),
        ({"identifier": "a\0b"}, "NUL character"),
        ({"name": "half a \ud83d pair"}, "surrogate"),
    ],
)
def test_what_cannot_be_kept_exactly_is_refused_with_its_reason_and_alone(
    firm: Cast, fields: dict[str, Any], why: str
) -> None:
    bad = deal(firm, **{"identifier": "BAD", **fields})

    done = arrive(firm, deal(firm, "O1"), bad, deal(firm, "O2"))

    assert [record for record, _ in done.refused] == [bad]
    assert why in done.refused[0][1]
    assert stored_ids(firm.connection, "opportunity", "crm") == {"O1", "O2"}


def test_hours_and_rates_are_kept_to_a_millionth(firm: Cast) -> None:
    firm.time("T1", hours="7.333333", rate="123.456789", currency="JPY")

    found = row(firm, "time_entry", "T1")
    assert (found["hours"], found["rate"]) == (7333333, 123456789)
    assert found["open_minor"] == 905  # 905.349... whole yen


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-11-20T18:00:00+05:30", "2026-11-20T12:30:00Z"),
        ("2026-11-20T23:59:59.999999-08:00", "2026-11-21T07:59:59.999999Z"),
        ("1969-12-31T23:59:59.000001Z", "1969-12-31T23:59:59.000001Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00.000001Z", "0001-01-01T00:00:00.000001Z"),
    ],
)
def test_instants_are_kept_in_utc_to_the_microsecond(firm: Cast, given: str, kept: str) -> None:
    arrive(firm, deal(firm, won_at=given))

    assert row(firm, "opportunity", "O1")["won_at"].isoformat() == kept.replace("Z", "+00:00")


@pytest.mark.parametrize("given", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_no_calendar_knows_in_utc_is_refused(firm: Cast, given: str) -> None:
    done = arrive(firm, deal(firm, "O1"), deal(firm, "BAD", won_at=given))

    assert [record.id for record, _ in done.refused] == ["BAD"]
    assert len(firm.snapshot()["opportunity"]) == 1


@pytest.mark.parametrize("identifier", STRANGE_IDS)
def test_an_id_is_text_and_nothing_else(firm: Cast, identifier: str) -> None:
    firm.deal(identifier, name=identifier)
    firm.project("P1", opportunity_id=identifier)
    firm.time("T1")

    assert firm.engagement("time_entry", "T1") == f"opportunity:crm:{identifier}"
    assert row(firm, "opportunity", identifier)["name"] == identifier
    firm.delete("opportunity", "crm", identifier)
    assert stored_ids(firm.connection, "opportunity", "crm") == set()


def test_long_texts_are_kept_whole(firm: Cast) -> None:
    text = "\N{GRINNING FACE}" * 4000
    arrive(firm, deal(firm, name=text))

    assert row(firm, "opportunity", "O1")["name"] == text


# ---- what a change reaches -------------------------------------------------------------------


def test_a_mapping_that_changed_makes_the_same_rows_news(firm: Cast) -> None:
    record = deal(firm, at=OLD, legal_entity="1000")
    arrive(firm, record)
    firm.sources["crm"] = Source("crm", {}, {"1000": "UK01"})

    assert arrive(firm, record).changed == 1
    assert row(firm, "opportunity", "O1")["legal_entity"] == "UK01"


def test_a_calendar_that_changed_touches_what_it_decides_on(firm: Cast) -> None:
    firm.deal("O1", legal_entity="UK01")
    firm.deal("O2", legal_entity="US01")
    firm.judge("2026-11-20T18:00Z")

    done = arrive(firm, firm.record("legal_entity", "UK01", name="UK"), kind="legal_entity", system="erp")

    assert done.touched == {"opportunity:crm:O1"}


def test_a_rate_that_changed_touches_what_is_listed(firm: Cast) -> None:
    firm.deal("O1")
    firm.deal("O2", status="open")
    assert [found[:2] for found in firm.judge("2026-11-20T18:00Z")] == [(K1, "O1")]
    rate = {"rate_type": "corporate", "base_currency": "GBP", "currency": "USD", "rate": "1.25"}

    done = arrive(
        firm, firm.record("fx_rate", "R1", valid_on="2026-11-01", **rate), kind="fx_rate", system="erp"
    )

    assert done.touched == {"opportunity:crm:O1"}


@pytest.mark.parametrize("said", STRANGE_IDS)
def test_what_all_records_of_a_batch_say_alike_is_kept_as_they_say_it(firm: Cast, said: str) -> None:
    arrive(firm, *(deal(firm, f"O{n}", name=said, customer_id=said) for n in range(3)))
    arrive(firm, deal(firm, "O1", name="other", customer_id=said), deal(firm, "O2", name=None))

    assert [row(firm, "opportunity", f"O{n}")["name"] for n in range(3)] == [said, "other", None]
    assert [row(firm, "opportunity", f"O{n}")["customer_id"] for n in range(3)] == [said, said, None]


@pytest.mark.parametrize("number", [range(150), range(0, 1_500, 10)], ids=["side by side", "far apart"])
def test_what_is_stored_is_found_wherever_its_id_lies(firm: Cast, number: range) -> None:
    arrive(firm, *(deal(firm, f"O{n:04d}", at=OLD, amount="1") for n in range(1_500)))
    again = [deal(firm, f"O{n:04d}", at=OLD, amount="1" if n % 20 else "2") for n in number]
    new = [deal(firm, f"N{n:04d}", at=OLD, amount="1") for n in range(5)]
    strange = [deal(firm, f"O{n:04d}é", at=OLD, amount="1") for n in range(5)]

    done = arrive(firm, *again, *new, *strange)

    assert done.changed == sum(n % 20 == 0 for n in number) + 10
    assert arrive(firm, *again, *new, *strange).changed == 0
