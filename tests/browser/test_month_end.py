"""A controller at month end: from a tie-out that differs to the records behind it, assigned, repaired, signed."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import shots
from tests.real.postgres import missing
from tests.truth import firm

pytestmark = pytest.mark.browser

KEPT = os.environ.get("SIGHTGLASS_SHOTS")
ENTITY, MONTH = "UK01", "2026-10"
LOST = 10


@dataclass
class Books:
    """A small firm whose ledger lacks ten postings of revenue, and the pages that show it."""

    config: Path
    url: str
    whole: str
    lost: list[dict[str, str]]

    @property
    def ledger(self) -> Path:
        return self.config.parent / "erp" / "ledger_entry.csv"

    def command(self, *words: str) -> Any:
        return json.loads(firm.command(self.config, *words, "--json", check=False).stdout)

    def poll(self) -> None:
        firm.command(self.config, "poll", "--once")


def lose(ledger: Path) -> list[dict[str, str]]:
    """Take ten postings of the month's revenue out of the ledger's export."""
    with ledger.open(newline="") as file:
        rows = list(csv.DictReader(file))
    ours = [row for row in rows if (row["legal_entity"], row["account"]) == (ENTITY, "revenue")]
    lost = [row for row in ours if row["posted_on"].startswith(MONTH) and Decimal(row["amount"]) > 0][:LOST]
    gone = {row["id"] for row in lost}
    with ledger.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row["id"] not in gone)
    return lost


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    if not shots.CHROMIUM.exists():
        missing("Chromium", "install the package chromium")
    config = firm.make(tmp_path_factory.mktemp("books"), 7, 60)
    ledger = config.parent / "erp" / "ledger_entry.csv"
    whole = ledger.read_text()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Books(config, f"http://127.0.0.1:{port}", whole, lose(ledger))
    assert len(found.lost) == LOST
    found.poll()
    command = [sys.executable, "-m", "app", "--config", str(config), "web", "--port", str(port)]
    with (
        (config.parent / "web.log").open("w") as log,
        subprocess.Popen(command, cwd=firm.ROOT, stdout=log, stderr=log) as process,
    ):
        try:
            wait_for(found.url)
            yield found
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def wait_for(url: str) -> None:
    for _ in range(60):
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        sleep(0.5)
    raise AssertionError("the pages did not come")


def keep(page: Page, name: str) -> None:
    """A picture for the documentation, where these are taken."""
    page.wait_for_timeout(900)
    if KEPT:
        page.screenshot(path=Path(KEPT) / f"month-end-{name}-light-1440.png")


def sign(page: Page, task: str, comment: str) -> None:
    box = page.locator(".st-key-sign-task input")
    box.click()
    box.fill(task)
    page.wait_for_timeout(300)
    box.press("Enter")
    page.get_by_label("Who signs").fill("Ada")
    page.get_by_label("Comment").fill(comment)
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_timeout(900)


def assign(page: Page, to: str) -> None:
    page.get_by_text("Act on it").click()
    page.get_by_label("Who acts").fill("Ada")
    page.get_by_label("To whom").fill(to)
    page.get_by_label("Why").fill("the interface run of 14 October lost them")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.locator(".sg-detail .sg-chips")).to_contain_text("Acknowledged")


def ten_records(books: Books, amount: Decimal | int) -> list[dict[str, Any]]:
    """The differences the command tells of: they come to the amount, and are of the records taken out."""
    runs = books.command("reconcile", "--period", MONTH, "--legal-entity", ENTITY)
    told = next(run for run in runs if run["tie_out"] == "revenue_to_gl")
    found: list[dict[str, Any]] = told["differences"]
    assert [Decimal(total["difference"]) for total in told["totals"]] == [amount]
    assert sum(Decimal(one["difference"]) for one in found) == amount
    behind = {record["id"] for one in found for record in one["records"] if record["place"] == 0}
    assert behind == {row["id"].removeprefix("GL-revenue-") for row in books.lost}
    return found


def assigned(page: Page, books: Books) -> dict[str, Any]:
    """The period is an exception from the next poll on, and becomes somebody's."""
    books.poll()
    page.get_by_role("link", name="Exceptions of this period").click()
    page.locator(".sg-detail").wait_for()
    expect(page.locator(".sg-detail h3")).to_contain_text("Tie-out fails")
    assign(page, "Grace")
    keep(page, "assigned")
    listed: dict[str, Any]
    (listed,) = books.command("exceptions", "--check", "tie_out_fails", "--legal-entity", ENTITY)
    assert (listed["owner"], listed["status"]) == ("Grace", "acknowledged")
    return listed


def repaired(page: Page, books: Books, close: str) -> None:
    """The postings come into the ledger, and both reports agree."""
    books.ledger.write_text(books.whole)
    books.poll()
    shots.show(page, f"{close}&tie_out=revenue_to_gl")
    page.get_by_role("button", name="Reconcile now").click()
    expect(page.locator("section.sg-panel", has_text="Compared by")).to_contain_text("No differences.")
    keep(page, "repaired")
    books.poll()


def sign_off(page: Page, books: Books) -> None:
    """Sign for every task that is open, and then for the period."""
    told = books.command("close", "--period", MONTH, "--legal-entity", ENTITY)
    assert "tie_out:revenue_to_gl" not in told["blocking"]
    for task in told["blocking"]:
        sign(page, task, "known, and provided for")
    sign(page, "close", "October is done")
    expect(page.locator("body")).to_contain_text("0 figures moved since")
    page.locator("section.sg-panel", has_text="Checklist").scroll_into_view_if_needed()
    keep(page, "signed")


def test_from_the_close_to_ten_records_and_back_to_signed(books: Books) -> None:
    amount = sum(Decimal(row["amount"]) for row in books.lost)
    close = f"{books.url}/close?entity={ENTITY}&period={MONTH}"
    seen = shots.Seen()
    with shots.chromium() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = shots.watched(context.new_page(), books.url, seen)

        # what must be equal is compared, and one report is short of the other
        shots.show(page, close)
        page.get_by_role("button", name="Reconcile now").click()
        row = page.locator("tr", has_text="Differs").filter(has_text=f"{amount:,.2f}")
        expect(row).to_have_count(1, timeout=20_000)
        keep(page, "close")

        # the records that make the difference stand behind it
        row.get_by_role("link").first.click()
        behind = page.locator("section.sg-panel", has_text="Compared by")
        expect(behind).to_be_visible()
        differences = ten_records(books, amount)
        # what may still arrive by itself is no exception yet
        settled = sum(Decimal(one["difference"]) for one in differences if one["class"] != "timing")
        expect(behind.locator("tbody tr")).to_have_count(len(differences))
        behind.scroll_into_view_if_needed()
        keep(page, "differences")

        listed = assigned(page, books)
        repaired(page, books, close)
        (left,) = books.command("exceptions", "--check", "tie_out_fails", "--legal-entity", ENTITY)
        assert Decimal(listed["amount"]) - Decimal(left["amount"]) == settled
        assert (left["id"], left["owner"]) == (listed["id"], "Grace")

        # what is left is known, and signed; then the period is
        sign_off(page, books)
        context.close()

    told = books.command("close", "--period", MONTH, "--legal-entity", ENTITY)
    assert told["ready"]
    assert told["as_closed"]["why"].startswith("signed by Ada")
    changes = [step["change"] for step in books.command("exception", "history", listed["id"])]
    assert changes == ["opened", "assigned", "refreshed"]
    assert (seen.complaints, seen.strayed) == ([], [])
