"""Systems that are described in configuration alone: a PSA with a JSON API of its own, and files in a folder."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.apis.homegrown import HomeGrown
from sandbox.apis.serving import serving
from sandbox.apis.shelf import Shelf
from tests.truth import firm

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
DOCS = firm.ROOT / "docs" / "own-api.md"
DROP = {
    "abschluesse_november.csv": """Angebot;Titel;Kunde;Stand;Gewonnen am;Honorar
A-1;Umzug ins Rechenzentrum;Nordwind;gewonnen;02.10.2026 09:30;120.000,00
A-2;Preisprüfung;Südlicht;gewonnen;10.11.2026 16:00;41.500,50
A-3;Kundenportal;Westwerk;verloren;;90.000,00
""",
    "projekte.csv": """Kostenstelle;Projekt;Gesperrt
4711;P-1;nein
""",
    "rechnungen_oktober.csv": """Position;Projekt;Netto
R-1/1;P-1;1.000,00
""",
}


def configured(folder: Path, address: str) -> Path:
    """What the documentation shows, at the address of the PSA that runs here."""
    blocks = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    clock = f'[clock]\nnow = "{NOW:%Y-%m-%dT%H:%M:%SZ}"\n'
    path = folder / "sightglass.toml"
    path.write_text(clock + "".join(blocks).replace("https://psa.example", address), encoding="utf-8")
    return path


def test_a_psa_of_ones_own_and_files_with_foreign_headers_lead_to_the_money(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSA_SECRET", HomeGrown.secret)
    (tmp_path / "drop").mkdir()
    for name, text in DROP.items():
        (tmp_path / "drop" / name).write_text(text, encoding="utf-8")
    shelf = Shelf(lambda: NOW)
    since = datetime(2026, 10, 12, 8, tzinfo=UTC)
    project = {"title": "Umzug", "state": "live", "deal": "A-1", "billing": "hours"}
    shelf.put("projects", "P-1", project, stamp=since, visible_from=since)
    entry = {"project": "P-1", "minutes": 90, "ok": True, "rate": "120.10", "currency": "EUR"}
    for number in range(250):
        # more than two pages; an hour and a half a day, all of it approved
        day = {"day": f"2026-10-{number % 28 + 1:02d}"}
        shelf.put("hours", f"H-{number}", {**entry, **day}, stamp=since, visible_from=since)

    with serving(HomeGrown(shelf).app()) as address:
        config = configured(tmp_path, address)
        firm.poll(config)

    assert firm.found(config) == {
        ("project_awaiting_activation", "sales", "opportunity", "A-2", None, "41500.50", "EUR"),
        # 250 x round(1.5 x 120.10) = 250 x 180.15 = 45037.50, less 1000.00
        ("unbilled_approved_time", "psa", "project", "P-1", None, "44037.50", "EUR"),
    }
    assert firm.drift(config) == {}
