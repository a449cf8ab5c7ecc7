"""One exception of the truth."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sandbox import money

#: ISO 4217's code for no currency: nothing is at stake in money
NO_CURRENCY = "XXX"


@dataclass(frozen=True, slots=True)
class Gap:
    """A subject that fails a check, with the amount at stake in ``currency``."""

    check: str
    system: str
    kind: str
    id: str
    contract_line: str | None
    amount: Decimal
    currency: str

    @property
    def order(self) -> tuple[str, ...]:
        """How gaps are listed."""
        return (self.check, self.system, self.kind, self.id, self.contract_line or "", self.currency)

    def plain(self) -> dict[str, object]:
        """As it stands in truth.json: the amount with exactly the digits its currency has."""
        return {
            "check": self.check,
            "subject": {"system": self.system, "kind": self.kind, "id": self.id},
            "contract_line": self.contract_line,
            "amount": f"{money.rounded(self.amount, self.currency):f}",
            "currency": self.currency,
        }
