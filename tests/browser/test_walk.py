"""A person opens the demonstration, follows the money to a span, and reads the same numbers everywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from tests.browser import shots
from tests.real.postgres import missing
from tests.truth import firm

pytestmark = pytest.mark.browser

CHECK = "unbilled_approved_time"
#: where the pictures of the documentation are kept; set by `make shots`
KEPT = os.environ.get("SIGHTGLASS_SHOTS")
IN_THE_DOCS = ("overview", "exceptions", "engagement-timeline", "engagement-spans", "systems", "identity")


@dataclass
class Running:
    """`sightglass up --demo` in a folder of its own."""

    url: str
    config: Path
    process: subprocess.Popen[str]

    def answer(self, *words: str) -> Any:
        return json.loads(firm.command(self.config, *words, "--json").stdout)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    if not shots.CHROMIUM.exists():
        missing("Chromium", "install the package chromium")
    folder = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "PYTHONPATH": str(firm.ROOT)}
    # the firm's clock stands still, so that pages and commands tell the same
    command = [sys.executable, "-m", "app", "up", "--demo", "--speed", "0"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            # the simulated firm says first where it is
            line = process.stdout.readline() + process.stdout.readline()
            found = re.findall(r"http://\S+", line)
            assert found, (line, (folder / "log").read_text()[-2000:])
            demo = Running(found[-1], folder / ".sightglass" / "firm" / "sightglass.toml", process)
            wait_until_judged(demo)
            yield demo
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0


def wait_until_judged(demo: Running) -> None:
    for _ in range(90):
        # what no system of the demonstration keeps cannot be told however long one waits
        if all(
            row["outcome"] != "unknown" or row["reason"].startswith("no system with role")
            for row in demo.answer("checks")
        ):
            # the worker's first picture of the day follows its first pass
            time.sleep(5)
            return
        time.sleep(1)
    raise AssertionError("the first numbers did not come")


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, running: Running) -> Iterator[tuple[Page, shots.Seen]]:
    seen = shots.Seen()
    with shots.chromium() as browser:
        context = browser.new_context(viewport={"width": request.param, "height": shots.SIZES[request.param]})
        yield shots.watched(context.new_page(), running.url, seen), seen
        context.close()


def drawn(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)


def numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d,]*", text)


def test_from_the_overview_to_a_span(page: tuple[Page, shots.Seen], running: Running) -> None:
    view, seen = page
    listed = running.answer("exceptions")
    counts = Counter(row["check"] for row in listed)

    shots.show(view, running.url)
    tile = view.locator(f'a.sg-tile[href*="{CHECK}"]').first
    assert numbers(view.locator("a.sg-tile-risk").inner_text().partition("exceptions")[0])[-1] == str(
        len(listed)
    )
    assert str(counts[CHECK]) in numbers(tile.inner_text())

    tile.click()
    drawn(view)
    assert f"check={CHECK}" in view.url
    summary = view.locator(".sg-summary").first.inner_text()
    assert numbers(summary)[0] == str(counts[CHECK])
    for currency in {row["currency"] for row in listed if row["check"] == CHECK}:
        total = sum(Decimal(r["amount"]) for r in listed if (r["check"], r["currency"]) == (CHECK, currency))
        assert f"{currency} {total:,}" in summary

    worst = next(row for row in listed if row["check"] == CHECK)
    if not view.locator(".sg-detail").is_visible():
        # a phone shows the list first, and the exception one taps
        view.locator(".sg-queue a.sg-row").first.click()
        drawn(view)
    assert f"{worst['currency']} {Decimal(worst['amount']):,}" in view.locator(".sg-detail").inner_text()
    view.locator(".sg-detail a.sg-main").click()
    drawn(view)
    assert worst["engagement"] in view.locator("body").inner_text()
    assert view.locator(".sg-step").count() >= 6

    told = with_spans(running, listed)
    shots.show(view, f"{running.url}/engagement?id={quote(told['engagement'])}&view=spans")
    spans = {span["name"] for hop in told["hops"] for span in hop["spans"]}
    assert spans
    assert any(name in view.locator("body").inner_text() for name in spans)
    assert seen.complaints == []
    assert seen.strayed == []


def with_spans(running: Running, listed: list[dict[str, Any]]) -> dict[str, Any]:
    """The first exception's engagement that traces touched."""
    for row in listed[:40]:
        told: dict[str, Any] = running.answer("trace", row["engagement"])
        if any(hop["spans"] for hop in told["hops"]):
            return told
    raise AssertionError("no exception of the demonstration has a trace")


def test_every_page_in_light_and_dark_wide_and_narrow(running: Running, tmp_path: Path) -> None:
    seen = shots.take(running.url, tmp_path)

    assert len(seen.pictures) >= 16
    assert all(picture.stat().st_size > 10_000 for picture in seen.pictures)
    assert seen.complaints == []
    assert seen.strayed == []
    if KEPT:
        Path(KEPT).mkdir(parents=True, exist_ok=True)
        for name in IN_THE_DOCS:
            for scheme in shots.SCHEMES:
                picture = f"{name}-{scheme}-1440.png"
                shutil.copyfile(tmp_path / picture, Path(KEPT) / picture)
