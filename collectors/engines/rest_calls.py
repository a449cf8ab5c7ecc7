"""Requests of one API, page after page: who we are, what is asked, what an answer means, when to stop."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any, Never
from urllib.parse import quote, urlencode

import httpx
import jmespath
import msgspec
from opentelemetry import trace

from collectors.engines.auth import Signer
from collectors.engines.http import UNAUTHORIZED, Answer, Http, fail, passing, retry_after
from collectors.engines.jobs import Job, chunks
from collectors.engines.joining import id_lists, laid_under
from collectors.engines.paging import Link, Told, Turn
from collectors.engines.rest_settings import Joined, Quota, Request, RestSettings, Signal
from collectors.errors import StopError
from collectors.mapping import exact_text

Rows = Callable[[Request, Any], Sequence[Any]]
Bound = Mapping[str, str | int]
_PLACE = re.compile(r"\{(\w+)\}")
_TRACER = trace.get_tracer("sightglass.collectors")
_SHOWN = 300
_TRANSIENT_WORDS = ("try again", "timeout", "timed out", "temporarily", "throttl", "rate limit", "locked")


class Caller:
    """Asks one system. ``allowance`` is what is used of how much, where it tells."""

    def __init__(self, name: str, settings: RestSettings) -> None:
        self._name = name
        self._settings = settings
        self._http = Http(settings.timeout_s, settings.max_bytes, settings.headers)
        self._signer = Signer(name, settings.auth, self._http)
        self._decoder = msgspec.json.Decoder(float_hook=exact_text())
        self._origin = _origin(httpx.URL(settings.base))
        self.allowance: tuple[float, float] | None = None

    @property
    def server_time(self) -> datetime | None:
        """The server's own clock in its latest answer."""
        return self._http.server_time

    def close(self) -> None:
        """Let go of the sockets."""
        self._http.close()

    def answers(self, where: str, request: Request, bound: Bound, rows: Rows) -> Iterator[Told]:
        """The answers to a request, to the one that each of its rows leads to, and to the one after it."""
        pages = self._pages if request.job is None else self._worked
        for told in pages(where, request, bound, rows):
            if request.each is None:
                yield told
            elif request.joined is not None:
                yield self._joined(where, request.each, request.joined, told, bound, rows)
            else:
                for row in told.rows:
                    for inner in self.answers(where, request.each, {**_scalars(where, row), **bound}, rows):
                        yield inner if request.outer is None else _inside(inner, request.outer, row)
        if request.then is not None:
            yield from self.answers(where, request.then, bound, rows)

    def _joined(
        self, where: str, each: Request, joined: Joined, told: Told, bound: Bound, rows: Rows
    ) -> Told:
        """An answer whose rows have under them what another request tells of them."""
        more = [
            row
            for ids in id_lists(joined, told.rows)
            for inner in self.answers(where, each, {**bound, "ids": ids}, rows)
            for row in inner.rows
        ]
        return told._replace(rows=laid_under(joined, told.rows, more))

    def _pages(self, where: str, request: Request, bound: Bound, rows: Rows) -> Iterator[Told]:
        turn, pages, count = request.next.first(), 0, 0
        asked: set[str] = set()
        while True:
            call = self._call(where, request, bound, turn)
            if (fingerprint := repr(call)) in asked:
                fail(where, "the next page is one that was read already", "correct next in the request")
            asked.add(fingerprint)
            answer = self._ask(where, request.method, call)
            body = self._body(answer, request)
            told = Told(body, rows(request, body), answer.response.headers, pages, count)
            yield told
            pages, count = pages + 1, count + len(told.rows)
            following = request.next.turn(told)
            if following is None:
                return
            turn = self._followed(request, following, answer)

    def _worked(self, where: str, request: Request, bound: Bound, rows: Rows) -> Iterator[Told]:
        """The rows of a job, which is ordered, looked after and fetched."""
        job = request.job
        assert job is not None
        order = self._body(
            self._ask(where, request.method, self._call(where, request, bound, Turn())), request
        )
        number = jmespath.search(job.id or "@", order)
        if not isinstance(number, str | int):
            fail(where, "the answer names no job", "correct job in the request")
        done = self._done(where, request, job, {"job": number})
        url = httpx.URL(self._settings.base + "/").join(str(jmespath.search(job.file or "@", done)))
        if _origin(url) != self._origin and not job.is_at_home(url):
            fail(where, f"the file is at {url.host}, which is not asked", "add this host to the job's hosts")
        answer = self._http.send(where, "GET", str(url))
        self._http.check_status(answer)
        promised = jmespath.search(job.lines, done) if job.lines else None
        count = 0
        for pages, body in enumerate(chunks(answer, promised, self._decoder)):
            told = Told(body, rows(request, body), answer.response.headers, pages, count)
            yield told
            count += len(told.rows)

    def _done(self, where: str, request: Request, job: Job, bound: Bound) -> Any:
        """What is told of a job once it is done."""
        call = self._call(where, Request(path=job.path, headers=request.headers), bound, Turn())
        until = monotonic() + job.at_most.total_seconds()
        while True:
            told = self._body(self._ask(where, "GET", call), request)
            state = jmespath.search(job.state or "@", told)
            if state in job.done:
                return told
            if state in job.failed:
                remedy = "try the query in the system itself, and see what it lacks"
                why = jmespath.search(job.why, told) if job.why else None
                fail(
                    where, f"the query ended as {state!r}" + (f" ({self._shown(why)})" if why else ""), remedy
                )
            if monotonic() > until:
                what = f"the query is still {state!r} after {job.at_most.total_seconds():.0f} s"
                raise passing(where, what, "poll at a quieter time")
            sleep(job.every.total_seconds())

    # ---- one call ----------------------------------------------------------------------------

    def _call(self, where: str, request: Request, bound: Bound, turn: Turn) -> dict[str, Any]:
        bound = {**bound, **dict(turn.places)}
        headers = {name: str(value) for name, value in _filled(request.headers, bound).items()}
        if turn.url is not None:
            # what the server made is complete: repeating our parameters would spoil it
            return {"url": self._inside(where, turn.url), "headers": headers}
        params = {**_filled(request.params, bound), **dict(turn.params)}
        quoted = {name: quote(str(value), safe=":") for name, value in bound.items()}
        path = str(_filled(request.path, quoted))
        call: dict[str, Any] = {"url": self._settings.base + path, "headers": headers}
        if params:
            call["url"] += ("&" if "?" in call["url"] else "?") + _query(params)
        if request.body is not None or turn.body:
            call["json"] = {**(_filled(request.body, bound) or {}), **dict(turn.body)}
        return call

    def _followed(self, request: Request, turn: Turn, answer: Answer) -> Turn:
        """A next page's address, as seen from the page that names it."""
        if turn.url is None:
            return turn
        url = answer.response.url.join(turn.url)
        if isinstance(request.next, Link) and request.next.own_host:
            scheme, host, port = self._origin
            url = url.copy_with(scheme=scheme, host=host, port=port)
        return turn._replace(url=str(url))

    def _inside(self, where: str, url: str) -> str:
        """The address of the next page, which must be the system's own: the token goes there."""
        found = httpx.URL(url)
        if _origin(found) != self._origin:
            what = f"the next page is at {found.host}, to which nothing is sent"
            fail(where, what, "set base to the address that the system gives itself")
        return str(found)

    def _ask(self, where: str, method: str, call: dict[str, Any]) -> Answer:
        with _TRACER.start_as_current_span("sightglass.request") as span:
            span.set_attribute("sightglass.system", self._name)
            answer = self._signed(where, method, call)
            if answer.status == UNAUTHORIZED and self._signer.renew():
                answer = self._signed(where, method, call)
            span.set_attribute("http.response.status_code", answer.status)
        return answer

    def _signed(self, where: str, method: str, call: dict[str, Any]) -> Answer:
        headers = {**call.get("headers", {}), **self._signer.headers()}
        return self._http.send(where, method, **{**call, "headers": headers})

    # ---- what an answer means ----------------------------------------------------------------

    def _body(self, answer: Answer, request: Request) -> Any:
        for signal in self._settings.signals:
            if _fits(signal, answer):
                self._signalled(answer, signal)
        body = self._http.json(answer, self._decoder, self._why(answer, request))
        said = jmespath.search(request.error, body) if request.error else None
        if said:
            self._refused(answer, self._shown(said))
        if self._settings.quota is not None:
            self._spare(answer, self._settings.quota)
        return body

    def _signalled(self, answer: Answer, signal: Signal) -> None:
        what = f"HTTP {answer.status} {signal.text or answer.response.reason_phrase}".strip()
        if signal.names and (found := re.search(signal.names.encode(), answer.body)):
            what = f"{what} {found[1].decode('utf-8', 'replace')!r}"
        after = retry_after(answer.response)
        if signal.means == "refuse":
            fail(answer.where, what, signal.remedy)
        if signal.means == "retry":
            raise passing(answer.where, what, "it should pass by itself", after)
        self._stop(answer.where, f"the allowance is used up ({what})", after, signal.pause)

    def _why(self, answer: Answer, request: Request) -> str:
        """What a refusal says of itself where the request names the place; nothing of who was asking."""
        if request.error is None or answer.response.is_success or answer.status == UNAUTHORIZED:
            return ""
        try:
            said = jmespath.search(request.error, msgspec.json.decode(answer.body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        return self._shown(said) if said else ""

    def _shown(self, said: Any) -> str:
        text = "".join(c if c.isprintable() else " " for c in str(said))
        for held in self._signer.hidden():
            text = text.replace(held, "***")
        return text[:_SHOWN]

    def _refused(self, answer: Answer, text: str) -> Never:
        if any(word in text.lower() for word in _TRANSIENT_WORDS):
            raise passing(answer.where, f"the answer says: {text}", "it should pass by itself")
        fail(answer.where, f"the answer says: {text}", "see what the system means by it")

    def _spare(self, answer: Answer, quota: Quota) -> None:
        """Leave the rest of an allowance to the firm's other programs."""
        found = re.search(quota.pattern, answer.response.headers.get(quota.header, ""))
        if found is None:
            return
        parts = found.groupdict()
        told = parts.get("total") or answer.response.headers.get(quota.total_header or "") or quota.total or 0
        total = float(told)
        if total <= 0:
            return
        used = float(parts["used"]) if "used" in parts else total - float(parts["left"])
        self.allowance = (used, total)
        if used >= quota.share * total:
            what = f"{used:.0f} of {total:.0f} requests of the allowance are used"
            self._stop(answer.where, what, pause=quota.pause)

    def _stop(
        self, where: str, what: str, after: float | None = None, pause: timedelta | None = None
    ) -> Never:
        now = self.server_time or datetime.now(UTC)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        until = now + (timedelta(seconds=after) if after is not None else pause or midnight - now)
        remedy = "wait, raise the allowance, or poll less often"
        raise StopError(f"{where}: {what}; nothing is asked until {until:%Y-%m-%d %H:%M} UTC", until, remedy)


def _scalars(where: str, row: Any) -> dict[str, str | int]:
    """What of a row may stand in the request that it leads to."""
    if not isinstance(row, Mapping):
        fail(where, "a row that leads to another request is no JSON object", "correct rows in the request")
    return {name: held for name, held in row.items() if isinstance(held, str | int)}


def _inside(told: Told, name: str, outer: Any) -> Told:
    """The rows of an answer, each with the row that led to it."""
    return told._replace(
        rows=[{**row, name: outer} if isinstance(row, Mapping) else row for row in told.rows]
    )


def _filled(told: Any, bound: Bound) -> Any:
    """A request's part with {since}, {until} and other places filled in, however deep they stand."""
    if isinstance(told, str):
        if (whole := _PLACE.fullmatch(told)) is not None:
            return bound.get(whole[1], told)
        return _PLACE.sub(lambda place: str(bound.get(place[1], place[0])), told)
    if isinstance(told, dict):
        return {name: _filled(part, bound) for name, part in told.items()}
    return [_filled(part, bound) for part in told] if isinstance(told, list | tuple) else told


def _query(params: Mapping[str, Any]) -> str:
    """Parameters for an address; a blank is %20, which servers read that do not take a plus for one."""
    return urlencode({name: _plain(value) for name, value in params.items()}, safe="$", quote_via=quote)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fits(signal: Signal, answer: Answer) -> bool:
    if signal.status is not None and signal.status != answer.status:
        return False
    if signal.header is not None:
        told = answer.response.headers.get(signal.header)
        return told is not None and (signal.text or "").lower() in told.lower()
    return signal.text is None or signal.text.encode() in answer.body


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
