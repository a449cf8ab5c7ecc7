"""The living firm as a process: its clock, its operator's page and commands, its end and its return."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import entry
from sandbox.living.faults import KINDS
from sandbox.living.home import Home
from sandbox.living.hub import FLOWS
from tests.app.served_firm import SPEED, Served, command, receiving, served
from tests.truth.firm import ROOT

Run = Callable[..., tuple[int, str, str]]
#: nobody works anywhere, and what was told on Friday has arrived or is dead
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE = (ROOT / "docs" / "simulated-firm.md").read_text(encoding="utf-8")
_HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("serve") / "firm") as found:
        yield found


@pytest.fixture
def firm(running: Served) -> Iterator[Served]:
    """The firm, on which nothing that a test broke is left broken."""
    yield running
    for fault in running.ask("/faults").json["faults"]:
        if fault["repaired_at"] is None and fault["put_in_by"] == "operator":
            running.form(f"/faults/{fault['id']}/repair")


@pytest.fixture
def run(firm: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A verb of the sandbox at this firm: exit code, what it says, what it complains of."""

    def told(*words: str) -> tuple[int, str, str]:
        where = () if {"--at", "--out"} & {*words} else ("--at", firm.address)
        monkeypatch.setattr(sys, "argv", ["sightglass", "sandbox", *words, *where])
        with pytest.raises(SystemExit) as ended:
            entry.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return told


def answered(run: Run, *words: str) -> Any:
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    return json.loads(out)


# ---- time ------------------------------------------------------------------------------------


def test_time_goes_faster_than_ours_and_the_clock_file_says_so(firm: Served) -> None:
    ours, then = time.monotonic(), datetime.fromisoformat(firm.ask("/health").json["now"])
    time.sleep(0.5)
    health = firm.ask("/health").json
    passed = datetime.fromisoformat(health["now"]) - then

    assert (health["status"], health["speed"]) == ("ok", SPEED)
    assert passed >= timedelta(seconds=0.5 * SPEED)
    assert passed <= timedelta(seconds=(time.monotonic() - ours) * SPEED)
    assert firm.clock.speed == SPEED
    assert abs(firm.clock.now() - datetime.fromisoformat(firm.ask("/health").json["now"])) < _HOUR


def test_what_is_skipped_happens(firm: Served, run: Run) -> None:
    before, fault = firm.truth(), answered(run, "fault", "lost_event", "--target", "time_to_billing")
    now = datetime.fromisoformat(answered(run, "skip", "336")["now"])
    after = firm.truth()

    assert now - datetime.fromisoformat(before["now"]) >= timedelta(days=14)
    assert abs(firm.clock.now() - now) < _HOUR
    # twelve weeks for sixty engagements: a new one every thirty-four hours
    assert after["engagements"] >= before["engagements"] + 9
    hit = next(one for one in after["faults"] if one["id"] == fault["id"])["hit"]
    assert (hit["system"], hit["kind"]) == ("psa", "project")


@pytest.mark.parametrize("hours", ["", "noon", "nan", "inf", "-3", "1e300", "9000"])
def test_the_clock_takes_no_nonsense(firm: Served, hours: str) -> None:
    before = firm.clock.now()
    refused = firm.form("/skip", hours=hours)

    assert refused.status == 400
    assert refused.json["error"] == f"{hours!r} is no number of hours from 0 to 8784"
    assert firm.clock.now() - before < _HOUR


# ---- what must be found, and what goes wrong -------------------------------------------------


def test_the_truth_has_the_shape_that_is_documented(firm: Served, run: Run) -> None:
    told = answered(run, "truth")

    assert set(told) == {"seed", "now", "engagements", "gaps", "systems", "faults", "messages"}
    assert told["seed"] == 3
    assert told["systems"] == dict.fromkeys(("crm", "psa", "hcm", "time", "erp", "revenue"), "up")
    assert told["gaps"]
    assert {frozenset(gap) for gap in told["gaps"]} == {
        frozenset(("check", "subject", "contract_line", "amount", "currency"))
    }
    assert all(set(gap["subject"]) == {"system", "kind", "id"} for gap in told["gaps"])
    named = {*told, *told["gaps"][0], *told["faults"][0], *told["systems"], *KINDS, *FLOWS}
    assert {name for name in named if f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_can_be_put_in_and_repaired(run: Run, kind: str) -> None:
    fault = answered(run, "fault", kind)
    listed = answered(run, "fault")

    assert re.fullmatch(r"F\d{4}", fault["id"])
    assert fault == {**fault, "kind": kind, "repaired_at": None, "put_in_by": "operator"}
    assert fault["target"] == listed["kinds"][kind]["targets"][0]
    assert next(one for one in listed["faults"] if one["id"] == fault["id"])["repaired_at"] is None

    repaired = answered(run, "repair", fault["id"])
    assert (repaired["id"], repaired["repaired_at"] >= fault["at"]) == (fault["id"], True)


def test_a_system_that_is_down_answers_nothing_but_503(firm: Served, run: Run) -> None:
    fault = answered(run, "fault", "outage", "--target", "time")
    assert firm.ask("/time/v2/projects").status == 503
    assert firm.truth()["systems"]["time"] == "down"

    answered(run, "repair", fault["id"])
    assert firm.ask("/time/v2/projects").status == 401
    assert firm.truth()["systems"]["time"] == "up"


def test_what_lists_faults_names_all_there_are(run: Run) -> None:
    kinds = answered(run, "fault")["kinds"]

    assert kinds == {
        kind: {"what": what, "targets": list(dict.fromkeys(targets))}
        for kind, (what, targets) in KINDS.items()
    }


def test_an_unknown_fault_is_refused_with_those_there_are(firm: Served) -> None:
    ended = subprocess.run(
        command("fault", "flood", "--at", firm.address), cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "no such fault: flood" in ended.stderr
    assert all(kind in ended.stderr for kind in KINDS)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("fault", "outage", "--target", "moon"), "outage cannot befall moon; choose from erp, crm, psa"),
        (("fault", "lost_event", "--target", "erp"), "choose from opportunity_to_project, project_to_time"),
        (("repair", "F9999"), "no such fault: F9999"),
        (("skip", "9000"), "less than or equal to 8784"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(
    run: Run, words: tuple[str, ...], complaint: str
) -> None:
    code, out, err = run(*words)

    assert (code, out) == (2, "")
    assert complaint in " ".join(err.replace("│", "").split())


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "127.0.0.1:9", "http://localhost:port"])
def test_where_no_firm_answers_the_remedy_is_to_start_one(run: Run, address: str) -> None:
    code, _, err = run("truth", "--at", address)

    assert code == 2
    assert f"no simulated firm answers at {address}" in err
    assert "sightglass sandbox serve" in err


# ---- the operator's page ---------------------------------------------------------------------


def test_the_page_shows_systems_and_faults_and_takes_forms(firm: Served) -> None:
    page = firm.ask("/").text
    assert [kind for kind in KINDS if f'name="kind" value="{kind}"' not in page] == []
    assert [name for name in firm.truth()["systems"] if f'<span class="up">{name}</span>' not in page] == []

    done = firm.form("/faults", kind="throttling", target="hcm", origin=firm.address)
    assert (done.status, done.headers["location"]) == (303, "/")
    page = firm.ask("/").text
    assert '<span class="throttled">hcm</span>' in page
    form = re.search(r'action="(/faults/F\d+/repair)"', page)
    assert form
    assert firm.form(form[1], origin=firm.address).status == 303
    assert '<span class="up">hcm</span>' in firm.ask("/").text


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "http://127.0.0.1:1", "null"])
def test_a_form_of_another_site_is_refused(firm: Served, origin: str) -> None:
    before = len(firm.truth()["faults"])
    posted = [
        firm.form("/faults", kind="outage", target="crm", origin=origin),
        firm.form("/skip", hours="24", origin=origin),
    ]

    assert [answer.status for answer in posted] == [403, 403]
    assert firm.truth()["systems"]["crm"] == "up"
    assert len(firm.truth()["faults"]) == before


@pytest.mark.parametrize("body", [b"{", b"[]", b'"\xff"', b"{}"])
def test_a_body_that_says_nothing_is_refused(firm: Served, body: bytes) -> None:
    refused = firm.ask("/faults", body, Content_Type="application/json")

    assert refused.status == 400
    assert "choose from outage" in refused.json["error"]


# ---- who watches it --------------------------------------------------------------------------


def test_the_written_configuration_reads_every_stream_without_a_variable_set(firm: Served) -> None:
    polled = subprocess.run(
        [sys.executable, "-m", "app", "--config", str(firm.config), "poll", "--once"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={},
    )  # fmt: skip
    outcomes = dict(re.findall(r"collectors\.runner (\w+/\w+): (\w+), \d+ read", polled.stderr))

    assert polled.returncode == 0, polled.stderr[-2000:]
    assert set(outcomes.values()) == {"ok"}
    assert {stream.partition("/")[0] for stream in outcomes} == set(firm.truth()["systems"])
    assert len(outcomes) >= 15


def test_a_second_process_does_not_serve_the_same_firm(firm: Served) -> None:
    config, place = firm.config.read_text(encoding="utf-8"), ("--out", str(firm.folder), "--port", "0")
    second = subprocess.run(
        command("serve", *place), cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )

    assert second.returncode == 2
    assert f"the firm in {firm.folder} is served already" in second.stderr
    assert firm.clock.speed == SPEED
    assert firm.config.read_text(encoding="utf-8") == config


def test_a_port_that_is_taken_is_named_before_anything_is_written(
    firm: Served, run: Run, tmp_path: Path
) -> None:
    code, _, err = run("serve", "--out", str(tmp_path / "other"), "--port", str(firm.port))

    assert code == 2
    assert f"port {firm.port} of 127.0.0.1 is taken" in err
    assert list(tmp_path.iterdir()) == []


# ---- its end, and its return -----------------------------------------------------------------


def lasting(truth: dict[str, Any]) -> dict[str, Any]:
    """What does not change on a weekend."""
    return {name: truth[name] for name in ("seed", "gaps", "systems", "faults", "messages")}


def test_it_ends_when_told_to_and_goes_on_from_there_even_after_it_was_killed(tmp_path: Path) -> None:
    home = tmp_path / "firm"
    Home.opened(home, seed=3, engagements=60, start=datetime(2026, 11, 9, 6, tzinfo=UTC))
    with receiving() as traces, served(home, "--traces", traces.address) as firm:
        for kind, target in (
            ("lost_event", "project_to_ledger"),
            ("outage", "hcm"),
            ("resource_code", "hcm"),
        ):
            assert firm.form("/faults", kind=kind, target=target).status == 303
        ahead = (SATURDAY - firm.clock.now()) / _HOUR
        assert firm.form("/skip", hours=str(ahead)).status == 303
        before = lasting(firm.truth())
        traces.wait(3)
        assert firm.ended(signal.SIGINT) == 0
    # refused at first, then sent again as it was
    assert traces.bodies[0] == traces.bodies[1]
    assert all(json.loads(body)["resourceSpans"] for body in traces.bodies)
    assert any(fault["kind"] == "lost_event" and fault["hit"] for fault in before["faults"])

    stood = firm.clock
    assert stood.speed == 0
    assert SATURDAY <= stood.now() < SATURDAY + 12 * _HOUR
    with served(home) as firm:
        assert _HOUR > firm.clock.at - stood.at >= timedelta(0)
        assert lasting(firm.truth()) == before
        assert firm.form("/faults", kind="outage", target="crm").status == 303
        before = lasting(firm.truth())
        assert firm.ended(signal.SIGKILL) < 0

    assert firm.clock.speed == SPEED
    with served(home) as firm:
        after = lasting(firm.truth())
    assert after == before
    assert after["systems"] == {**after["systems"], "hcm": "down", "crm": "down"}
