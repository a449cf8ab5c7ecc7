"""What it costs to look again and again where nothing is new: the polls of a quiet minute."""

from __future__ import annotations

import os
from contextlib import closing
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from app.bench._idle import SECRET, idle
from app.bench._measure import Line, Result, Timing, best, timed
from app.bench._shop import Shop
from app.bootstrap import App, build
from app.worker import poll_one
from collectors.ways import Ways

_STREAMS = 20
_INTERVAL_S = 60
_SECRET_NAME = "SIGHTGLASS_BENCH_SECRET"  # noqa: S105 - of a variable
_STREAM = """
[systems.psa.streams.hours{n}]
kind = "time_entry"
version = "changed"
deleted = "gone"
fields.id = "uid"
fields.project_id = "project"
fields.work_date = "day"
fields.hours = {{ column = "minutes", divide = 60 }}
fields.status = {{ column = "ok", values = {{ true = "approved", false = "submitted" }} }}
[systems.psa.streams.hours{n}.read]
path = "/hours{n}"
params = {{ changed_since = "{{since}}" }}
rows = "items"
total = "meta.count"
next = {{ style = "cursor", path = "meta.next", param = "cursor" }}
"""


def measure(shop: Shop) -> list[Result]:
    """Twenty idle streams of one REST system, each polled once a minute: how much of a core that takes."""
    os.environ[_SECRET_NAME] = SECRET
    with idle(_STREAMS) as base:
        return [_engine(shop, kind, base) for kind in shop.engines()]


def _engine(shop: Shop, kind: str, base: str) -> Result:
    with shop.copy(shop.store(kind, shop.sizes.base)) as url:
        app = build(_configuration(shop, url, base))
        with closing(Ways()) as ways:
            # the first polls read what there is, the second ones make statements for what is not
            _minute(app, ways)
            _minute(app, ways)
            minutes = [timed(partial(_minute, app, ways)) for _ in range(shop.sizes.rounds)]
        app.engine.dispose()
    mine, asked = best(minutes), best(timed(partial(_bare, base)) for _ in range(shop.sizes.rounds))
    return _result(mine, asked, kind)


def _result(mine: Timing, asked: Timing, kind: str) -> Result:
    return Result(
        line="steady",
        ratio=mine.cpu_s / _INTERVAL_S,
        target=0.02,
        aim=None,
        better="less",
        ours=mine,
        limit=asked,
        rows=_STREAMS,
        engine=kind,
        notes=f"share of one core for {_STREAMS} idle streams polled every {_INTERVAL_S} s:"
        f" {mine.cpu_s / _STREAMS * 1000:.1f} ms of it a poll; {asked.cpu_s / _STREAMS * 1000:.1f} ms"
        " for its request by a plain session; the database's own work is not counted",
    )


def _minute(app: App, ways: Ways) -> None:
    """Every stream once, as the worker does."""
    (psa,) = app.systems
    for stream in app.streams[psa.name]:
        poll_one(app, ways, psa, stream)


def _bare(base: str) -> None:
    """The requests of these polls as a plain session sends them."""
    client: Any = import_module("requests" if find_spec("requests") else "httpx")
    with closing(client.Session() if hasattr(client, "Session") else client.Client()) as session:
        form = {"grant_type": "client_credentials", "client_id": "bench", "client_secret": SECRET}
        token = session.post(f"{base}/token", data=form).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        for number in range(_STREAMS):
            session.get(f"{base}/api/hours{number}", params={"changed_since": "2999-01-01T00:00:00Z"}).json()


def _configuration(shop: Shop, url: str, base: str) -> Any:
    path = shop.folder / "steady.toml"
    system = (
        f'[store]\nurl = "{url}"\n[systems.psa]\nkind = "rest"\nroles = ["psa", "time"]\n'
        f'base = "{base}/api"\ninterval = "{_INTERVAL_S}s"\nauth = {{ style = "client_credentials",'
        f' token_url = "{base}/token", client_id = "bench", client_secret_env = "{_SECRET_NAME}" }}\n'
    )
    path.write_text(system + "".join(_STREAM.format(n=n) for n in range(_STREAMS)), encoding="utf-8")
    return path


LINE = Line("steady", measure)
