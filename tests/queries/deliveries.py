"""A small firm drawn at random, as versions of records, and ways to deliver it: any order, any batches, repeats."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, NamedTuple

from hypothesis import strategies as st
from sqlalchemy import select

from metrics.evaluate import evaluate
from queries.schema import finding, open_item
from tests.cast import Cast, utc

NOW = "2026-11-27T18:00Z"
EARLY, LATE = "2026-11-03T00:00Z", "2026-11-04T00:00Z"
Draw = Callable[[st.SearchStrategy[Any]], Any]

#: of an open finding, what the order of arrival may not change
TOLD = [
    column
    for column in finding.c
    if column.name not in ("opened_at", "last_seen_at", "cleared_at", "runs", "status", "detected_minor")
]


class Version(NamedTuple):
    """One version of one record, as a system would send it."""

    kind: str
    system: str
    id: str
    fields: tuple[tuple[str, Any], ...]


def _version(kind: str, system: str, identifier: str, at: str, /, **fields: Any) -> Version:
    return Version(kind, system, identifier, (("at", at), *fields.items()))


class _Job:
    """One engagement while it is drawn; ``n`` numbers it among ``of``."""

    def __init__(self, draw: Draw, n: int, of: int) -> None:
        self.draw, self.n, self.of = draw, n, of
        self.versions: list[Version] = []

    def chance(self) -> bool:
        return bool(self.draw(st.booleans()))

    def put(self, kind: str, system: str, identifier: str, /, **fields: Any) -> None:
        """A record in one version or two: the earlier one says something else, the later may be a deletion."""
        before = fields.pop("before", {})
        if before and self.chance():
            self.versions.append(_version(kind, system, identifier, EARLY, **{**fields, **before}))
        gone = (
            {"deleted_at": LATE} if fields.pop("may_go", False) and self.draw(st.integers(0, 4)) == 0 else {}
        )
        self.versions.append(_version(kind, system, identifier, LATE, **fields, **gone))

    def sold(self) -> None:
        n, other = self.n, self.draw(st.integers(1, self.of))
        self.put(
            "opportunity", "crm", f"O{n}", status="won", won_at="2026-11-02T12:00Z", currency="GBP",
            amount="1000", before={"status": "open", "amount": "900"}, may_go=True,
        )  # fmt: skip
        self.put(
            "contract", "clm", f"C{n}", status="signed", currency="GBP", opportunity_id=f"O{n}",
            before={"opportunity_id": f"O{other}"},
        )  # fmt: skip
        self.put(
            "contract_line", "clm", f"CL{n}", contract_id=f"C{n}", kind="time_and_materials", currency="GBP",
            recognition="milestone", rate="90", before={"rate": "80"},
        )  # fmt: skip
        status = "active" if self.chance() else "planned"
        self.put(
            "project", "psa", f"P{n}", status=status, contract_id=f"C{n}",
            before={"contract_id": f"C{other}", "status": "planned"},
        )  # fmt: skip
        if self.chance():
            self.put(
                "project", "erp", f"J{n}", status="active", project_id=f"P{n}",
                before={"project_id": f"P{other}"}, may_go=True,
            )  # fmt: skip

    def worked(self) -> None:
        n = self.n
        for entry in ("a", "b"):
            rate = self.draw(st.sampled_from(["100", "33.333333", None]))
            own_line = f"L{n}" if self.draw(st.integers(0, 3)) == 0 else None
            self.put(
                "time_entry", "psa", f"T{n}{entry}", project_id=f"P{n}", contract_line_id=f"CL{n}",
                work_date="2026-10-05", hours="8", rate=rate, currency="GBP" if rate else None, status="approved",
                invoice_line_id=own_line, before={"hours": "6", "invoice_line_id": f"L{n}"}, may_go=True,
            )  # fmt: skip
        if self.chance():
            self.put(
                "milestone", "psa", f"M{n}", project_id=f"P{n}", contract_line_id=f"CL{n}", currency="GBP",
                status="accepted", accepted_at="2026-11-02T12:00Z", amount="500", before={"status": "reached"},
            )  # fmt: skip

    def billed(self) -> None:
        n = self.n
        if self.chance():
            self.put(
                "invoice",
                "erp",
                f"I{n}",
                status="posted",
                currency="GBP",
                before={"status": "draft"},
                may_go=True,
            )
            hours = self.draw(st.sampled_from([None, "3"]))
            named = [{"id": f"T{n}a"} | ({"hours": hours} if hours else {})] if self.chance() else []
            self.put(
                "invoice_line", "erp", f"L{n}", invoice_id=f"I{n}", project_id=f"P{n}", currency="GBP",
                amount="300", time_entries=named, before={"amount": "250", "time_entries": [{"id": f"T{n}b"}]},
                may_go=True,
            )  # fmt: skip
        if self.chance():
            credits_ = {"credits_id": f"I{n}"} if self.chance() else {}
            self.put(
                "invoice", "erp", f"N{n}", kind="credit_note", status="posted", currency="GBP", amount="50",
                before={"status": "draft"}, may_go=True, **credits_,
            )  # fmt: skip
            if not credits_:
                self.put(
                    "invoice_line", "erp", f"NL{n}", invoice_id=f"N{n}", project_id=f"P{n}", currency="GBP",
                    amount="40", credits_line_id=f"L{n}", before={"amount": "60"},
                )  # fmt: skip
        if self.chance():
            self.put(
                "revenue_line", "rev", f"R{n}", state="posted", contract_line_id=f"CL{n}", currency="GBP",
                amount="200", milestone_id=f"M{n}" if self.chance() else None, before={"state": "scheduled"}, may_go=True,
            )  # fmt: skip


@st.composite
def firms(draw: Draw) -> list[Version]:
    """All versions of all records of three to six engagements, in the order a careful person would send them."""
    count = draw(st.integers(3, 6))
    versions: list[Version] = []
    for n in range(1, count + 1):
        job = _Job(draw, n, count)
        job.sold()
        job.worked()
        job.billed()
        versions += job.versions
    return versions


def batches(versions: Iterable[Version]) -> list[list[Version]]:
    """All versions of a stream together, stream by stream."""
    ordered = sorted(versions, key=_stream)
    return [list(group) for _, group in groupby(ordered, key=_stream)]


def _stream(version: Version) -> tuple[str, str]:
    return version.kind, version.system


def delivered(versions: list[Version], chance: random.Random) -> list[list[Version]]:
    """The same versions in any order, some of them again and late, every stream cut into batches anywhere."""
    again = chance.sample(versions, len(versions) // 4)
    cut = []
    for stream in batches([*versions, *again]):
        chance.shuffle(stream)
        place = chance.randint(0, len(stream))
        cut += [part for part in (stream[:place], stream[place:]) if part]
    chance.shuffle(cut)
    return cut


def send(firm: Cast, batch: list[Version]) -> None:
    """One batch, into the store only."""
    records = [firm.record(v.kind, v.id, **dict(v.fields)) for v in batch]
    firm.batch(batch[0].kind, batch[0].system, records)


def judge(firm: Cast) -> None:
    """What the last batches touched, judged as the runner does."""
    evaluate(firm.connection, firm.touched, utc(NOW), firm.rules, firm.one_kind(), firm.moved)
    firm.touched, firm.moved, firm.kinds = set(), set(), set()


def outcome(firm: Cast) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Open items and open findings, without what tells when they came."""
    items = firm.connection.execute(select(open_item))
    listed = firm.connection.execute(select(*TOLD).where(finding.c.is_open))
    return sorted(map(tuple, items), key=repr), sorted(map(tuple, listed), key=repr)
