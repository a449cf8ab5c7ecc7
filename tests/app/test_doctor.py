"""The doctor names what is wrong with each system, and the remedy; one fault hides no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.doctor import Finding, examine
from collectors.errors import ConfigError
from sandbox.apis.api import Fault
from sandbox.apis.homegrown import HomeGrown
from sandbox.apis.serving import serving
from sandbox.apis.shelf import Shelf

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
SYSTEM = """
[systems.{name}]
kind = "rest"
roles = ["psa"]
base = "{base}/api"
auth = {{ style = "client_credentials", token_url = "{base}/token", client_id = "me", client_secret_env = "{secret}" }}
quota = {{ header = "X-Left", total_header = "X-All" }}
signals = [{{ status = 403, text = "DAILY_LIMIT", means = "stop" }}]
[systems.{name}.streams.project]
version = "changed"
fields = {{ id = "uid", name = "{column}", status = {{ column = "state", values = {{ live = "active" }} }} }}
read = {{ path = "/projects", rows = "{rows}", error = "problem" }}
"""


class Ward:
    """Systems to examine, each with an API of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack, self._text = folder, stack, "[store]\nurl = 'sqlite:///s.db'\n"

    def system(
        self, name: str, secret: str = "PSA_SECRET", column: str = "title", rows: str = "items"
    ) -> HomeGrown:
        """One more system, well unless it is told otherwise."""
        api = HomeGrown(Shelf(lambda: datetime.now(UTC)))
        api.shelf.put("projects", "P1", {"title": "Rollout", "state": "live"})
        base = self._stack.enter_context(serving(api.app()))
        self._text += SYSTEM.format(name=name, base=base, secret=secret, column=column, rows=rows)
        return api

    def add(self, text: str) -> None:
        """Configuration as it stands."""
        self._text += text

    def examine(self, *names: str) -> list[Finding]:
        """What the doctor says."""
        path = self._folder / "sightglass.toml"
        path.write_text(self._text, encoding="utf-8")
        return list(examine(path, names, datetime.now(UTC)))


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    monkeypatch.setenv("PSA_SECRET", HomeGrown.secret)
    monkeypatch.setenv("WRONG_SECRET", "wrong")
    with ExitStack() as stack:
        yield Ward(tmp_path, stack)


def test_a_system_that_is_well_is_said_so(ward: Ward) -> None:
    api = ward.system("psa")
    api.headers = lambda: {"X-Left": "60", "X-All": "100"}  # type: ignore[method-assign]

    assert ward.examine() == [
        Finding("psa", "project", "ok", "1 of 1 rows read"),
        Finding("psa", "*", "ok", "40 of 100 requests of its allowance are used"),
    ]
    assert not (Path(ward._folder) / "s.db").exists()


def test_ten_faults_are_named_each_with_its_remedy(ward: Ward) -> None:
    ward.system("secret_unset", secret="NOT_SET")
    ward.system("secret_wrong", secret="WRONG_SECRET")
    ward.system("renamed", column="name_of_project")
    ward.system("elsewhere", rows="records")
    ward.system("forbidden").fail(Fault(403, {"message": "no"}, path="/api/", times=9))
    ward.system("login_page").fail(Fault(200, "<html>sign in</html>", path="/api/", times=9))
    ward.system("used_up").fail(Fault(403, {"message": "DAILY_LIMIT"}, path="/api/", times=9))
    late = ward.system("slow_clock")
    late.clock = lambda: datetime.now(UTC) - timedelta(minutes=5)
    ward.system("says_no").fail(Fault(200, {"problem": "no such view", "items": []}, path="/api/", times=9))
    strange = ward.system("strange_words")
    strange.shelf.put("projects", "P2", {"title": "Audit", "state": "paused"})
    ward.add("[systems.misspelt]\nkind = 'rest'\nroles = ['psa']\nbass = 'https://psa.example'\n")
    ward.add("[systems.unknown]\nkind = 'psa9000'\nroles = ['psa']\n")
    ward.add(
        SYSTEM.format(
            name="down", base="http://127.0.0.1:9", secret="PSA_SECRET", column="title", rows="items"
        )
    )

    found = {finding.system: finding for finding in ward.examine() if finding.state != "ok"}

    told = {name: (finding.state, finding.what) for name, finding in found.items()}
    for name, state, words in (
        ("secret_unset", "failed", "names NOT_SET, which is not set"),
        ("secret_wrong", "failed", "refused: HTTP 401 invalid_client"),
        ("renamed", "warning", "no row has the field 'name_of_project' that is mapped"),
        ("elsewhere", "failed", "the answer holds no list of rows at 'records'"),
        ("forbidden", "failed", "HTTP 403 Forbidden"),
        ("login_page", "failed", "the answer is text/html, not JSON"),
        ("used_up", "failed", "the allowance is used up"),
        ("slow_clock", "warning", "s behind this machine's"),
        ("says_no", "failed", "the answer says: no such view"),
        ("strange_words", "warning", "'paused'"),
        ("misspelt", "failed", "bass"),
        ("unknown", "failed", "'psa9000' is unknown"),
        ("down", "failed", "the connection failed"),
    ):
        assert told[name][0] == state, told[name]
        assert words in told[name][1], told[name]
        assert found[name].remedy, found[name]
    assert not [finding for finding in found.values() if HomeGrown.secret in str(finding)]


def test_only_the_systems_asked_for_are_examined(ward: Ward) -> None:
    ward.system("psa")
    ward.system("other")

    assert {finding.system for finding in ward.examine("other")} == {"other"}
    with pytest.raises(ConfigError, match="no system 'third'"):
        ward.examine("third")
