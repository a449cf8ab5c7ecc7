"""The firm every reading is tried on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cast import Cast, casting


@pytest.fixture
def firm() -> Iterator[Cast]:
    """A firm with an empty store."""
    yield from casting()


@pytest.fixture
def project(firm: Cast) -> Cast:
    """Project P1, billed by time and materials, in a firm that keeps no contract lines."""
    firm.project(billing_method="time_and_materials")
    return firm


@pytest.fixture
def lines(firm: Cast) -> Cast:
    """Project P1 under contract C1 with two time-and-materials lines, CL1 and CL2."""
    firm.contract()
    firm.promise("CL1")
    firm.promise("CL2")
    firm.project(contract_id="C1")
    return firm


@pytest.fixture
def line(firm: Cast) -> Cast:
    """Contract line CL1 that recognises on milestones."""
    firm.promise(kind="milestone", recognition="milestone")
    return firm
