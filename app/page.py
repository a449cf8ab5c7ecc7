"""What every page has: its place in the navigation, its heading, how fresh it is, a net for its errors."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType

import streamlit as st

from app import reads, words
from app.markup import Html, Part, inside, tag
from app.parts import common
from app.reads import Freshness

_LOG = logging.getLogger(__name__)
_HERE = Path(__file__).parent
ICON = _HERE / "favicon.png"
_LIVE = "30s"
_SIDEBAR_PX = 200


@dataclass(frozen=True, slots=True)
class Page:
    """A page's name, its section of the navigation, its icon, its address, its place, and its heading."""

    title: str
    section: str
    icon: str
    url: str
    order: int
    heading: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A page and the function that draws it."""

    page: Page
    render: Callable[[], None]

    @property
    def __name__(self) -> str:
        return self.page.url

    def __call__(self) -> None:
        """Draw the page inside the frame."""
        show(self)


@cache
def views() -> tuple[View, ...]:
    """Every page of :mod:`app.views`, in order; two that claim one address are refused."""
    from app import views as package

    found: dict[str, View] = {}
    for name in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        module: ModuleType = importlib.import_module(f"{package.__name__}.{name}")
        view = View(module.PAGE, module.render)
        if view.page.url in found:
            raise ValueError(f"app/views/{name}.py: another page has the address {view.page.url!r} already")
        found[view.page.url] = view
    return tuple(sorted(found.values(), key=lambda view: (view.page.order, view.page.url)))


def show(view: View) -> None:
    """One page in its frame: style, heading, freshness, content; an error becomes a number and a log line."""
    st.html(_HERE / "style.css")
    st.html('<script src="/assets/nav.js"></script>', unsafe_allow_javascript=True)
    try:
        before = reads.freshness()
        with st.container(key="heading"):
            st.html(tag("h1", view.page.heading or view.page.title))
            _fresh(before.version)
        view.render()
    except Exception:  # noqa: BLE001 - one page that fails must not take the others along
        number = secrets.token_hex(4)
        _LOG.exception("error %s on page %s", number, view.page.url)
        st.html(failure(number))


@st.fragment(run_every=_LIVE)
def _fresh(drawn: str) -> None:
    """How fresh the page is, looked at again and again; it says so when there is something newer to see."""
    st.html(freshness(reads.freshness(), drawn))


def freshness(found: Freshness, drawn: str) -> Html:
    """How many systems are fresh, how far all of them are complete, and when that was."""
    if not found.systems:
        state, said = words.STREAMS["never"], "No system is configured yet"
    elif found.complete_through is None:
        state, said = words.STREAMS["never"], "Nothing has been read yet"
    else:
        good = found.fresh == found.systems
        state = words.STREAMS["fresh" if good else "stale"]
        said = f"{found.fresh} of {words.counted(found.systems, 'system')} fresh"
    parts: list[Part] = [common.mark(state, said)]
    if found.complete_through is not None:
        through = words.instant(found.complete_through)
        parts.append(f"complete through {through}, {words.ago(found.complete_through, found.now)}")
    at = "the clock stands at" if found.stopped else "as of"
    parts.append(f"{at} {words.instant(found.now)}")
    newer = inside("", "New data: show it", class_="sg-button") if found.version != drawn else None
    return tag("p", inside("/systems", common.dotted(parts)), " ", newer, class_="sg-fresh sg-muted")


def failure(number: str) -> Html:
    """What to say when a page could not be drawn."""
    return common.notice(
        "warning",
        "This page could not be drawn",
        f"The error is in the log under the number {number}. Nothing was lost; the other pages may work.",
    )


def register() -> None:
    """Name the program, build the navigation, and run the page the address asks for."""
    st.set_page_config(
        page_title="Sightglass", page_icon=str(ICON), layout="wide", initial_sidebar_state=_SIDEBAR_PX
    )
    sections: dict[str, list[st.Page]] = {}
    for place, view in enumerate(views()):
        page = view.page
        sections.setdefault(page.section, []).append(
            st.Page(
                partial(show, view), title=page.title, icon=page.icon, url_path=page.url, default=place == 0
            )
        )
    current = st.navigation(sections)
    st.set_page_config(page_title=f"{current.title} · Sightglass")
    current.run()
