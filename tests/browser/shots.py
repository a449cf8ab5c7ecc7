"""Pictures of every page, wide and narrow, light and dark; and what the browser complained about meanwhile.

``python -m tests.browser.shots http://127.0.0.1:8501 OUT`` takes them by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZES = {1440: 900, 390: 844}
SCHEMES = ("light", "dark")

#: name of a picture -> address; the link to one engagement is found on the exceptions page
PAGES = {
    "overview": "/",
    "exceptions": "/exceptions",
    "engagements": "/engagement",
    "systems": "/systems",
    "identity": "/identity",
}
VIEWS = ("timeline", "spans", "records", "evidence", "exceptions")

_DRAWN = ".sg-fresh"
_BUSY = "[data-testid=stStatusWidget]"
_SETTLE_MS = 900


@dataclass(slots=True)
class Seen:
    """What was taken and what went wrong: complaints on the console, and requests that left the machine."""

    pictures: list[Path] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    strayed: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own browser; none is ever fetched."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def take(base_url: str, out_dir: Path, extra: Mapping[str, str] | None = None) -> Seen:
    """Pictures of all pages (and of ``extra``: name -> address) of a running server, and what was seen."""
    seen = Seen()
    out_dir.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        addresses = {**PAGES, **_engagement(browser, base_url, seen), **(extra or {})}
        for scheme in SCHEMES:
            for width, height in SIZES.items():
                viewport = {"width": width, "height": height}
                context = browser.new_context(color_scheme=scheme, viewport=viewport)  # type: ignore[arg-type]
                page = watched(context.new_page(), base_url, seen)
                for name, address in addresses.items():
                    show(page, base_url + address)
                    path = out_dir / f"{name}-{scheme}-{width}.png"
                    page.screenshot(path=path)
                    seen.pictures.append(path)
                context.close()
    return seen


def _engagement(browser: Browser, base_url: str, seen: Seen) -> dict[str, str]:
    """The views of the engagement behind the worst exception, where there is one."""
    page = watched(browser.new_page(), base_url, seen)
    show(page, f"{base_url}/exceptions")
    link = page.query_selector(".sg-detail a.sg-main")
    address = link.get_attribute("href") if link else None
    page.close()
    return {f"engagement-{view}": f"{address}&view={view}" for view in VIEWS} if address else {}


def watched(page: Page, base_url: str, seen: Seen) -> Page:
    """A page whose complaints and stray requests are written down."""
    home = urlsplit(base_url).netloc

    def said(kind: str, text: str, where: str) -> None:
        # below the root, Streamlit looks for its routes beside the page first, and is told they are not there
        if kind in ("error", "warning") and "/_stcore/" not in where:
            seen.complaints.append(f"{kind}: {text} ({where})")

    page.on("console", lambda message: said(message.type, message.text, message.location.get("url", "")))
    page.on("pageerror", lambda error: seen.complaints.append(f"pageerror: {error}"))

    def asked(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != home:
            seen.strayed.append(url)

    page.on("request", lambda request: asked(request.url))
    page.on("websocket", lambda socket: asked(socket.url))
    return page


def show(page: Page, url: str) -> None:
    """Open an address and wait until it is drawn and nothing moves any more."""
    page.goto(url)
    page.wait_for_selector(_DRAWN, state="visible")
    page.wait_for_selector(_BUSY, state="detached")
    page.wait_for_timeout(_SETTLE_MS)


if __name__ == "__main__":
    found = take(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
    sys.stdout.write("\n".join([*map(str, found.pictures), *found.complaints, *found.strayed]) + "\n")
