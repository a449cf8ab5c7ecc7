"""A worker killed at any moment loses nothing and invents nothing: the next one goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.truth import firm


@pytest.mark.parametrize("seed", [11, 12])
def test_killed_at_random_moments_the_poll_still_comes_to_the_truth(tmp_path: Path, seed: int) -> None:
    config = firm.make(tmp_path, seed, 400)
    moments = random.Random(seed)
    killed = 0
    for _ in range(8):
        worker = subprocess.Popen(
            [sys.executable, "-m", "app", "--config", str(config), "poll", "--once"],
            cwd=firm.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + moments.uniform(2.0, 9.0)
        while worker.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if worker.poll() is None:
            os.kill(worker.pid, signal.SIGKILL)
            killed += 1
        worker.wait()

    firm.poll(config)

    assert killed
    assert firm.found(config) == firm.truth(tmp_path)
    assert firm.drift(config) == {}
