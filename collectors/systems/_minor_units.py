"""Amounts as payment services tell them: whole numbers of a currency's smallest unit."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from queries.types import EXPONENTS

#: code -> ISO 4217 code, for services that write currencies small
SMALL = {code.lower(): code for code in EXPONENTS}


def money(path: str, currency: str, hundredths: Collection[str] = ()) -> dict[str, Any]:
    """The rule for an amount at ``path`` whose currency stands at ``currency``, in small or large letters.

    ``hundredths`` are currencies that the service counts in hundredths although ISO 4217 does not.
    """
    cases = []
    for exponent in sorted({*EXPONENTS.values()} - {2}):
        codes = [code for code, digits in EXPONENTS.items() if digits == exponent and code not in hundredths]
        if codes:
            told = [*codes, *(code.lower() for code in codes)]
            units = {"path": path, "divide": 10**exponent}
            cases.append({"all": [{"path": currency, "in": told}], "then": units})
    return {"when": cases, "else": {"path": path, "divide": 100}}
