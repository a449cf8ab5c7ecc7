"""What goes wrong at the firm, put in by an operator or, now and then, by life itself; and its repair.

``outage`` and ``throttling`` befall a system until they are repaired. ``late_commit`` makes a system show
what is written meanwhile later than it stamps it. The others hit the next event that can be hit, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from sandbox.living import office
from sandbox.living.hub import FLOWS, Meddling, Message
from sandbox.living.records import Person
from sandbox.records import Milestone, Project

if TYPE_CHECKING:
    from sandbox.living.firm import Firm
    from sandbox.living.work import Engagement

_UNAVAILABLE, _TOO_MANY = 503, 429
#: one request in so many is answered in a throttling storm
_STORM = 6
LATENESS = timedelta(minutes=15)
_SWEEP_AFTER = timedelta(minutes=10)
_DUPLICATED = "project_to_ledger"
_SYSTEMS = ("crm", "psa", "hcm", "time", "erp", "revenue")

#: kind -> what it does, and what it may befall (the first is meant when none is named)
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "outage": ("the system answers nothing but 503", ("erp", *_SYSTEMS)),
    "throttling": ("the system answers most requests with 429", ("erp", *_SYSTEMS)),
    "late_commit": (
        "what is written is stamped now and shown a quarter of an hour later",
        ("erp", "psa", "time", "revenue"),
    ),
    "lost_event": ("the next event of the flow never arrives", ("opportunity_to_project", *FLOWS)),
    "duplicate_event": ("the next event of the flow arrives twice", (_DUPLICATED,)),
    "stuck_approval": ("the next project to be released waits for an approval", ("psa",)),
    "wrong_mapping": ("the next milestone's revenue is posted under another milestone", ("revenue",)),
    "resource_code": ("a consultant gets a new code in HCM, and nobody else is told", ("hcm",)),
}
#: flow -> the exception that a lost event of it leads to, and which record of the message it is about
_LOSSES = {
    "opportunity_to_project": ("project_awaiting_activation", "opportunity"),
    "project_to_ledger": ("project_awaiting_activation", "opportunity"),
    "time_to_billing": ("unbilled_approved_time", "project"),
    "milestone_to_revenue": ("milestone_without_revenue", "milestone"),
}
#: how often life itself does it, of so many engagements that could be hit
_LIFE = {"lost_event": 0.02, "duplicate_event": 0.015, "stuck_approval": 0.04, "wrong_mapping": 0.03}


@dataclass(slots=True)
class Fault:
    """One thing that went wrong.

    ``hit`` names what it befell, as soon as it has befallen something, and ``shows`` the exception that
    must come of it once it is due: its check, and its subject where that is one thing.
    """

    id: str
    kind: str
    target: str
    at: datetime
    planted: bool
    hit: dict[str, str] = field(default_factory=dict)
    hit_at: datetime | None = None
    shows: dict[str, str] = field(default_factory=dict)
    repaired_at: datetime | None = None
    mend: Callable[[], None] = field(default=lambda: None, repr=False)

    def plain(self) -> dict[str, Any]:
        """As it stands in the truth."""
        return {
            "id": self.id,
            "kind": self.kind,
            "target": self.target,
            "at": self.at.isoformat(),
            "hit": self.hit or None,
            "hit_at": self.hit_at.isoformat() if self.hit_at else None,
            "shows": self.shows or None,
            "repaired_at": self.repaired_at.isoformat() if self.repaired_at else None,
            "put_in_by": "operator" if self.planted else "life",
        }


class Faults:
    """All that is wrong at a firm now, and all that was."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.all: list[Fault] = []
        self._open: list[Fault] = []
        self._dice = Random(f"{firm.seed}/faults")

    # ---- for the operator --------------------------------------------------------------------

    def inject(self, kind: str, target: str | None = None) -> Fault:
        """Put a fault in. Raises ValueError for a kind or a target that does not exist."""
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}; choose from {', '.join(KINDS)}")
        targets = KINDS[kind][1]
        if target and target not in targets:
            raise ValueError(
                f"{kind} cannot befall {target}; choose from {', '.join(dict.fromkeys(targets))}"
            )
        fault = self._new(kind, target or targets[0], planted=True)
        if kind == "resource_code":
            self._change_code(fault)
        elif kind in {"outage", "throttling", "late_commit"}:
            self._hit(fault, {"system": fault.target})
            if kind != "late_commit":
                fault.shows = {"check": "stream_not_read", "system": fault.target}
            self._tell_systems()
        return fault

    def repair(self, identifier: str) -> Fault:
        """Undo a fault and what it did; one that waits is called off. ValueError for one there is not."""
        fault = next((one for one in self.all if one.id == identifier), None)
        if fault is None:
            raise ValueError(f"no such fault: {identifier}")
        if fault.repaired_at is None:
            fault.repaired_at = self.firm.timeline.now
            self._open.remove(fault)
            fault.mend()
            self._tell_systems()
            # what died of it, and what died because of what was missing
            self.firm.timeline.at(self.firm.timeline.now + _SWEEP_AFTER, self._replay_dead)
        return fault

    def open(self) -> list[Fault]:
        """Faults nobody repaired yet."""
        return list(self._open)

    # ---- what the firm asks ------------------------------------------------------------------

    def refusal(self, system: str, rng: Random) -> int | None:
        """With which status a system refuses a call of the middleware now."""
        if self._lasting("outage", system):
            return _UNAVAILABLE
        if self._lasting("throttling", system):
            return None if rng.random() < 1 / _STORM else _TOO_MANY
        return None

    def lateness(self, system: str) -> timedelta | None:
        """How much later than its stamp a row is shown."""
        return LATENESS if self._lasting("late_commit", system) else None

    def meddle(self, message: Message) -> Meddling:
        """What befalls a message that was just told."""
        lost = self._waiting("lost_event", message.flow, message.rng)
        if lost:
            self._hit_message(lost, message, lambda: self.firm.hub.replay(message))
            check, kind = _LOSSES.get(message.flow, ("", ""))
            lost.shows = next((_shown(check, *key) for key in message.keys if key[0] == kind), {})
            return "lost"
        if message.flow != _DUPLICATED:
            return ""
        twice = self._waiting("duplicate_event", message.flow, message.rng)
        if twice:
            second = f"69{message.keys[0][2][1:]}"
            self._hit_message(twice, message, lambda: self._cancel_duplicate(second))
            twice.shows = _shown("duplicate_project", "project", "erp", second)
        return "twice" if twice else ""

    def holds(self, engagement: Engagement) -> bool:
        """Whether the release of this project waits for an approval that does not come."""
        fault = self._waiting("stuck_approval", "psa", engagement.rng)
        if fault:
            self._hit(
                fault, {"system": "psa", "kind": "project", "id": engagement.project.id}, engagement.activate
            )
            fault.shows = _shown("project_awaiting_activation", "opportunity", "crm", engagement.deal.id)
            self._mend_in_time(fault, engagement.company)
        return fault is not None

    def mapped(self, engagement: Engagement, milestone: Milestone) -> str:
        """The milestone a posting is made for; a wrong mapping takes its neighbour."""
        fault = self._waiting("wrong_mapping", "revenue", engagement.rng)
        if fault is None:
            return milestone.id
        hit = {"system": "psa", "kind": "milestone", "id": milestone.id}
        self._hit(fault, hit, lambda: engagement.billing.correct(milestone))
        fault.shows = _shown("milestone_without_revenue", "milestone", "psa", milestone.id)
        self._mend_in_time(fault, engagement.company)
        own = [one.id for one in engagement.milestones]
        return own[(own.index(milestone.id) + 1) % len(own)]

    # ---- how faults come ---------------------------------------------------------------------

    def _new(self, kind: str, target: str, *, planted: bool) -> Fault:
        fault = Fault(f"F{len(self.all) + 1:04d}", kind, target, self.firm.timeline.now, planted)
        self.all.append(fault)
        self._open.append(fault)
        return fault

    def _lasting(self, kind: str, system: str) -> bool:
        return any(one.kind == kind and one.target == system for one in self._open)

    def _waiting(self, kind: str, target: str, rng: Random) -> Fault | None:
        """A fault of an operator that waits for just this, or one that life makes of it."""
        by_life = rng.random() < _LIFE[kind]
        for fault in self._open:
            if (fault.kind, fault.target) == (kind, target) and fault.hit_at is None:
                return fault
        return self._new(kind, target, planted=False) if by_life else None

    def _hit(self, fault: Fault, what: dict[str, str], mend: Callable[[], None] | None = None) -> None:
        fault.hit, fault.hit_at = what, self.firm.timeline.now
        if mend:
            fault.mend = mend

    def _hit_message(self, fault: Fault, message: Message, mend: Callable[[], None]) -> None:
        kind, system, identifier = message.keys[0]
        self._hit(fault, {"system": system, "kind": kind, "id": identifier, "message": message.id}, mend)
        self._mend_in_time(fault, message.entity)

    def _mend_in_time(self, fault: Fault, company: str) -> None:
        """What life did, somebody notices and repairs after some days."""
        if fault.planted:
            return
        days = self._dice.randint(4, 25)
        moment = office.on(company, self.firm.timeline.now, days, time(10, self._dice.randint(0, 59)))
        self.firm.timeline.at(moment, partial(self.repair, fault.id))

    # ---- what faults do ----------------------------------------------------------------------

    def _tell_systems(self) -> None:
        for name, system in self.firm.systems.items():
            system.api.down = self._lasting("outage", name)
            system.api.storm = _STORM if self._lasting("throttling", name) else None

    def _replay_dead(self) -> None:
        for message in self.firm.hub.stuck():
            if message.state == "dead":
                self.firm.hub.replay(message)

    def _cancel_duplicate(self, identifier: str) -> None:
        for row in self.firm.systems["erp"].rows(Project):
            if row.id == identifier:
                self.firm.put("erp", replace(row, status="cancelled"))

    def _change_code(self, fault: Fault) -> None:
        """HCM renames somebody; PSA and the time system go on with the old code until they are told."""
        staff = [one for people in self.firm.people.values() for one in people]
        one = self._dice.choice(staff)
        old, new = one.code, f"{one.code}-N"
        hcm = self.firm.systems["hcm"]
        before = next(row for row in hcm.rows(Person) if row.id == old)
        hcm.remove(before)
        self.firm.put("hcm", replace(before, id=new))
        one.code = new
        fault.shows = _shown("resource_conflict", "resource", "psa", one.psa_id)
        self._hit(
            fault,
            {"system": "hcm", "kind": "resource", "id": old},
            lambda: self._note_code(one.psa_id, one.time_id, new),
        )

    def _note_code(self, psa_id: str, time_id: str, code: str) -> None:
        for system, identifier in (("psa", psa_id), ("time", time_id)):
            for row in self.firm.systems[system].rows(Person):
                if row.id == identifier:
                    self.firm.put(system, replace(row, code=code))


def _shown(check: str, kind: str, system: str, identifier: str) -> dict[str, str]:
    return {"check": check, "system": system, "kind": kind, "id": identifier}
