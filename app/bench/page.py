"""Each page over a large store, as a browser asks for it: time of the server's run, and bytes sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sqlalchemy import make_url
from streamlit.proto.AppPage_pb2 import AppPage
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from app import processes
from app.bench._feed import Wire, poll
from app.bench._firm import NOW, Firm
from app.bench._measure import Line, Result, Timing, timed
from app.bench._shop import Shop, opened
from queries.types import iso

#: what one rerun may take, and how much it may send
_LIMIT = Timing(0.05, 0.0)
_BYTES = 120_000
_HOST = "127.0.0.1"
_WAIT_S = 60


class _Run(NamedTuple):
    """Seconds until the script had finished, the bytes that came, and the pages the navigation knows."""

    wall_s: float
    sent: int
    pages: list[AppPage]


def measure(shop: Shop) -> list[Result]:
    """Every page of the program, rerun in an open session; SQLite, as one machine has it."""
    size = shop.sizes.flat[-1]
    with shop.copy(shop.store("sqlite", size)) as url:
        with opened(url) as engine:
            poll(engine, "psa", "time_entry", Wire(Firm(size).backlog(shop.sizes.backlog)))
        with _serving(shop.folder, url) as address:
            return [_page(shop, address, name, size) for name in _names(address)]


def _page(shop: Shop, address: str, name: str, size: int) -> Result:
    with closing(_session(address)) as session:
        first = _rerun(session, name)
        runs = [_rerun(session, name) for _ in range(shop.sizes.repeats)]
    mine, sent = median(run.wall_s for run in runs), int(median(run.sent for run in runs))
    ratio = max(mine / _LIMIT.wall_s, sent / _BYTES)
    return Result(
        line="page",
        ratio=ratio,
        target=1,
        aim=None,
        better="less",
        ours=Timing(mine, 0.0),
        limit=_LIMIT,
        rows=size,
        engine="sqlite",
        notes=f"/{name}: p50 {mine * 1000:.0f} ms and {sent / 1000:.0f} kB a rerun, first run of the session"
        f" {first.wall_s * 1000:.0f} ms; the ratio is the worse of 50 ms and 120 kB",
    )


@contextmanager
def _serving(folder: Path, url: str) -> Iterator[str]:
    """The pages of a store, served by a process of their own; the address of its websocket."""
    config = folder / "sightglass.toml"
    path = make_url(url).database
    config.write_text(f'[store]\nurl = "sqlite:///{path}"\n[clock]\nnow = "{iso(NOW)}"\n', encoding="utf-8")
    port = processes.free_port(_HOST, 0)
    child = processes.start("web", processes.command("web", "--port", str(port), config=str(config)))
    try:
        if not processes.wait_until_answers(_HOST, port, "/api/health", child):
            raise RuntimeError("the pages did not come up: run `sightglass web` to see why")
        yield f"ws://{_HOST}:{port}/_stcore/stream"
    finally:
        processes.stop([child])


def _names(address: str) -> list[str]:
    """The addresses of all pages, as the navigation tells them."""
    with closing(_session(address)) as session:
        return [page.url_pathname for page in _rerun(session, "").pages]


def _session(address: str) -> ClientConnection:
    return connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None, compression=None)


def _rerun(session: ClientConnection, page: str) -> _Run:
    """Ask for a page and read until its script has finished."""
    message = BackMsg()
    message.rerun_script.page_name = page
    answers: list[bytes] = []

    def exchange() -> None:
        session.send(message.SerializeToString())
        while not answers or ForwardMsg.FromString(answers[-1]).WhichOneof("type") != "script_finished":
            answers.append(session.recv(timeout=_WAIT_S, decode=False))

    taken = timed(exchange)
    told = [ForwardMsg.FromString(answer) for answer in answers]
    pages = [page for answer in told for page in answer.navigation.app_pages]
    return _Run(taken.wall_s, sum(map(len, answers)), pages)


LINE = Line("page", measure)
