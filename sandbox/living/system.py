"""The firm's systems: canonical rows behind the API of a vendor each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.apis.api import Api, Rate
from sandbox.apis.harvest import Harvest
from sandbox.apis.kantata import Kantata
from sandbox.apis.netsuite import NetSuite
from sandbox.apis.shelf import Clock, Shelf
from sandbox.apis.workday import Workday
from sandbox.apis.zuora_revenue import ZuoraRevenue
from sandbox.living.held import Held
from sandbox.living.shapes import harvest, kantata, netsuite, salesforce, workday, zuora_revenue
from sandbox.living.shapes.shape import Shape, Shapes, Shown
from sandbox.records import Record

R = TypeVar("R", bound=Record)

#: without daylight saving, where no hour comes twice
NETSUITE_ZONE = "UTC"

#: name -> its API, how it shows rows, whether a deleted row shows as such, and what it answers in how long:
#: as documented of a large customer's, or as observed where nobody says
_SYSTEMS: dict[str, tuple[type[Api], Shapes, bool, Rate]] = {
    "crm": (salesforce.Org, salesforce.SHAPES, True, Rate(1_000_000, 86_400.0)),
    "psa": (Kantata, kantata.SHAPES, False, Rate(1_200, 60.0)),
    "hcm": (Workday, workday.SHAPES, False, Rate(10, 1.0)),
    "time": (Harvest, harvest.SHAPES, False, Rate(100, 15.0)),
    "erp": (NetSuite, netsuite.SHAPES, True, Rate(1_200, 60.0)),
    "revenue": (ZuoraRevenue, zuora_revenue.SHAPES, False, Rate(2_000, 60.0)),
}


class LivingSystem:
    """One system: ``held`` are its canonical rows by kind and id, ``api`` shows them as its vendor does."""

    def __init__(self, name: str, api: Api, shapes: Shapes, *, keeps_deleted: bool) -> None:
        self.name = name
        self.api = api
        self.held = Held()
        self._shapes = shapes
        self._keeps_deleted = keeps_deleted

    def put(self, row: Record, *, late: timedelta | None = None) -> None:
        """Write or update a row, stamped now; others see it only ``late`` from now, as of a long transaction.

        Raises TypeError for a kind that this system does not keep.
        """
        shape = self._shape(row)
        self.held.keep(row)
        shelf = self.api.shelf
        seen_from = None if late is None else shelf.clock() + late
        for shown in shape.beside(row, self.held):
            kept = shelf.tables.get(shown.table, {}).get(shown.id)
            if kept is None or kept.fields != shown.fields:
                shelf.put(*shown, visible_from=seen_from)
        main = shape.show(row, self.held)
        if main is not None:
            shelf.put(*main, visible_from=seen_from)

    def remove(self, row: Record) -> None:
        """Delete a row as this vendor does. Raises KeyError for a row that is not held."""
        shape = self._shape(row)
        before = shape.show(row, self.held)
        self.held.drop(row)
        after = shape.show(row, self.held) if shape.is_part else None
        if after is not None:
            self.api.shelf.put(*after)
        elif before is not None:
            self._delete(before)

    def rows(self, kind: type[R]) -> list[R]:
        """The rows of a kind that are held and not removed."""
        return self.held.rows(kind)

    def _delete(self, shown: Shown) -> None:
        self.api.shelf.delete(shown.table, shown.id, hard=not self._keeps_deleted)

    def _shape(self, row: Record) -> Shape:
        for kind in type(row).__mro__:
            if kind in self._shapes:
                return self._shapes[kind]
        raise TypeError(f"{self.name} keeps no {type(row).__name__}")


def systems(clock: Clock) -> dict[str, LivingSystem]:
    """The six systems of the firm, empty, on one clock."""
    found = {}
    for name, (api_type, shapes, keeps_deleted, rate) in _SYSTEMS.items():
        api = api_type(Shelf(clock))
        api.rate = rate
        if isinstance(api, NetSuite):
            api.zone = NETSUITE_ZONE
        found[name] = LivingSystem(name, api, shapes, keeps_deleted=keeps_deleted)
    return found


def mounted(found: Mapping[str, LivingSystem]) -> Starlette:
    """All APIs as one application, each under its system's name."""
    return Starlette(routes=[Mount(f"/{name}", app=one.api.app()) for name, one in found.items()])
