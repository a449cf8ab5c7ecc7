"""The simulated firm's planted gaps, and nothing else, come out: to the minor unit, by every way of delivery."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sandbox.truths import answers
from tests.truth import firm


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_every_planted_gap_is_found_and_nothing_else(tmp_path: Path, seed: int) -> None:
    config = firm.make(tmp_path, seed, 2000)

    firm.poll(config)

    expected = firm.truth(tmp_path)
    assert {row[0] for row in expected} == set(answers())
    assert firm.found(config) == expected
    assert firm.drift(config) == {}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pieces_in_any_order_and_twice_come_to_the_same(tmp_path: Path, seed: int) -> None:
    source, folder = tmp_path / "whole", tmp_path / "pieces"
    firm.make(source, seed, 120)
    waiting = firm.parts(source, folder, pieces=3)
    order = random.Random(seed)
    deliveries = waiting + order.sample(waiting, len(waiting) // 3)
    order.shuffle(deliveries)
    config = folder / "sightglass.toml"
    for start in range(0, len(deliveries), 9):
        for piece in deliveries[start : start + 9]:
            firm.deliver(folder, piece)
        firm.poll(config)
        assert firm.drift(config) == {}

    assert firm.found(config) == firm.truth(source)


def test_a_second_pass_changes_nothing(tmp_path: Path) -> None:
    config = firm.make(tmp_path, 5, 150)
    firm.poll(config)
    once = firm.found(config)

    firm.poll(config)

    assert firm.found(config) == once == firm.truth(tmp_path)
