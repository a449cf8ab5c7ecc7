"""Colours for light and dark, and the options Streamlit runs with; the stylesheet uses the same colours.

Blue, amber, vermillion and grey stay apart for people who see colours differently; nothing says
anything by colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one of the two themes. Text in any tone reads on the background (WCAG AA)."""

    ok: str
    warn: str
    bad: str
    unknown: str
    text: str
    muted: str
    line: str
    background: str
    panel: str
    side: str
    accent: str


LIGHT = Palette(
    ok="#0072B2", warn="#945700", bad="#B3400E", unknown="#5F6368",
    text="#1F1F1C", muted="#5C5F62", line="#DEDCD6", background="#FFFFFF", panel="#FFFFFF", side="#F7F6F3",
    accent="#0B5CAD",
)  # fmt: skip
DARK = Palette(
    ok="#56B4E9", warn="#E69F00", bad="#F0905A", unknown="#9AA0A6",
    text="#EDEBE6", muted="#A9ABA8", line="#3A3934", background="#171614", panel="#1D1C19", side="#201F1B",
    accent="#7CBBF5",
)  # fmt: skip


def palette(*, dark: bool) -> Palette:
    """The colours in use."""
    return DARK if dark else LIGHT


def _colours(section: str, found: Palette) -> dict[str, object]:
    options = {
        "primaryColor": found.accent,
        "backgroundColor": found.background,
        "secondaryBackgroundColor": found.side,
        "textColor": found.text,
        "linkColor": found.accent,
        "borderColor": found.line,
        "redColor": found.bad,
        "redTextColor": found.bad,
        "orangeColor": found.warn,
        "orangeTextColor": found.warn,
        "greenColor": found.ok,
        "greenTextColor": found.ok,
        "blueColor": found.ok,
        "blueTextColor": found.ok,
        "sidebar.backgroundColor": found.side,
        "sidebar.secondaryBackgroundColor": found.background,
    }
    return {f"theme.{section}.{name}": value for name, value in options.items()}


#: what Streamlit is told at start, whatever a configuration file of its own may say
OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
    "global.developmentMode": False,
    "logger.hideWelcomeMessage": True,
    "runner.magicEnabled": False,
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxCacheDataSize": "100MB",
    "server.maxMessageSize": 50,
    "server.maxUploadSize": 1,
    "server.disconnectedSessionTTL": 120,
    "theme.baseFontSize": 14,
    "theme.baseRadius": "6px",
    "theme.headingFontSizes": ["1.6rem", "1.35rem", "1.1rem", "1rem", "1rem", "1rem"],
    "theme.headingFontWeights": [600, 600, 600, 600, 600, 600],
    "theme.showWidgetBorder": True,
    "theme.showSidebarBorder": True,
    **_colours("light", LIGHT),
    **_colours("dark", DARK),
}
