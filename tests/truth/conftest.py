"""Firms on disk that several modules spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.truth import firm

K1, K2, K3 = "project_awaiting_activation", "unbilled_approved_time", "milestone_without_revenue"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A firm of 60 engagements, exported and left alone."""
    folder = tmp_path_factory.mktemp("firm") / "whole"
    firm.make(folder, 7, 60)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of the firm's exports to spoil."""
    return Path(shutil.copytree(whole, tmp_path / "firm"))
