"""What names a record, what names an engagement, and how names become one."""

from __future__ import annotations

from typing import NamedTuple

from queries.records import NODE_KINDS

_RANK = {kind: f"{rank}" for rank, kind in enumerate(NODE_KINDS)}


class Key(NamedTuple):
    """One record of one system."""

    kind: str
    system: str
    id: str


def engagement_name(key: Key) -> str:
    """The engagement a record makes by itself."""
    return f"{key.kind}:{key.system}:{key.id}"


def _order(name: str) -> tuple[str, str]:
    return _RANK[name.partition(":")[0]], name


class Forest:
    """Union-find over engagement names; the root is the smallest name."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def root(self, name: str) -> str:
        """The name that stands for all that were joined with this one."""
        while (up := self.parent.setdefault(name, name)) != name:
            self.parent[name] = self.parent[up]
            name = up
        return name

    def join(self, left: str, right: str) -> None:
        """The two are one from now on."""
        small, large = sorted((self.root(left), self.root(right)), key=_order)
        self.parent[large] = small

    def renamed(self) -> dict[str, str]:
        """Every name that another one stands for now."""
        return {name: root for name in self.parent if (root := self.root(name)) != name}
