"""The address is the state: every filter is read from it, and a change of a widget is written to it.

Widgets are not bound by Streamlit's own ``bind="query-params"``: that writes the label a person reads
into the address, so that a reworded title would break every stored link, and the addresses of the CSV
export and of the pages could not be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence

import streamlit as st

from app import words
from metrics.check import Check
from queries.journey import BROKEN
from queries.slices import BANDS, Facets, Slice
from queries.stages import TITLES

#: key of the address -> field of the filters
SINGLE = {
    "check": "check", "entity": "legal_entity", "currency": "currency", "owner": "owner",
    "handoff": "handoff", "engagement": "engagement", "root": "root", "age": "age", "stage": "stage",
    "q": "text",
}  # fmt: skip
MANY: tuple[tuple[str, str, Container[str]], ...] = (
    ("sev", "severity", words.SEVERITIES),
    ("status", "status", words.STATUSES),
)
#: what stands in the address beside the filters, and falls when one of them changes
_PLACE = ("p", "id")
_LONGEST = 200


def read(address: Mapping[str, Sequence[str]]) -> Slice:
    """The filters an address names; what cannot be one is left out."""
    one = {field: _clean(address.get(key, ())) for key, field in SINGLE.items()}
    many = {
        field: tuple(value for value in address.get(key, ()) if value in known) for key, field, known in MANY
    }
    if one["age"] not in {band.key for band in BANDS}:
        one["age"] = None
    if one["stage"] not in TITLES:
        one["stage"] = None
    return Slice(
        check=one["check"], legal_entity=one["legal_entity"], severity=many["severity"],
        status=many["status"], currency=one["currency"], owner=one["owner"],
        engagement=one["engagement"], handoff=one["handoff"], text=one["text"], root=one["root"],
        age=one["age"], stage=one["stage"],
    )  # fmt: skip


def _clean(values: Sequence[str]) -> str | None:
    value = values[-1].strip() if values else ""
    return value if value and len(value) <= _LONGEST and value.isprintable() else None


def write(filters: Slice) -> dict[str, str | list[str]]:
    """The part of an address that names these filters; :func:`read` undoes it."""
    one = {key: getattr(filters, field) for key, field in SINGLE.items()}
    many = {key: list(getattr(filters, field)) for key, field, _ in MANY}
    return {key: value for key, value in (one | many).items() if value}


def current() -> Slice:
    """The filters of the address in the browser."""
    return read(address())


def address() -> dict[str, list[str]]:
    """The keys of the address in the browser, each with all its values."""
    return {key: st.query_params.get_all(key) for key in st.query_params}


def value(key: str) -> str | None:
    """One value of the address."""
    return _clean(address().get(key, ()))


def page() -> int:
    """The page of a list, counted from 1."""
    found = value("p") or ""
    return int(found) if found.isascii() and found.isdigit() and 0 < int(found) < 10**6 else 1


# ---- widgets -----------------------------------------------------------------------------------


def _changed(key: str) -> None:
    """A widget changed: so does the address, and with it the place in the list."""
    chosen = st.session_state[f"filter {key}"]
    for gone in (*_PLACE, key):
        if gone in st.query_params:
            del st.query_params[gone]
    if chosen:
        st.query_params[key] = chosen


def _choice(key: str, label: str, options: Sequence[str], said: Callable[[str], str] = str) -> None:
    """A list to choose one from. A value of the address that is not in it now is kept, and can be cleared."""
    here = value(key)
    st.session_state[f"filter {key}"] = here
    shown = [*options, *([here] if here is not None and here not in options else [])]
    st.selectbox(
        label,
        shown,
        index=None,
        key=f"filter {key}",
        format_func=said,
        placeholder=label,
        label_visibility="collapsed",
        on_change=_changed,
        args=(key,),
    )


def entity(names: Mapping[str, str]) -> str | None:
    """One legal entity, or all."""
    _choice("entity", "All legal entities", list(names), lambda code: _named(code, names))
    return current().legal_entity


def _named(code: str, names: Mapping[str, str]) -> str:
    name = names.get(code, code)
    return code if name == code else f"{code} · {name}"


def any_id(label: str, placeholder: str) -> str | None:
    """A text to look up by."""
    _text("id", label, placeholder)
    return value("id")


def _text(key: str, label: str, placeholder: str) -> None:
    st.session_state[f"filter {key}"] = value(key) or ""
    st.text_input(
        label,
        key=f"filter {key}",
        placeholder=placeholder,
        label_visibility="collapsed",
        icon=":material/search:",
        on_change=_changed,
        args=(key,),
    )


def _pills(key: str, label: str, options: Mapping[str, str]) -> None:
    st.session_state[f"filter {key}"] = [found for found in address().get(key, ()) if found in options]
    st.pills(
        label,
        list(options),
        selection_mode="multi",
        key=f"filter {key}",
        format_func=lambda found: options[found],
        label_visibility="collapsed",
        on_change=_changed,
        args=(key,),
    )


def exceptions(checks: Mapping[str, Check], names: Mapping[str, str], found: Facets) -> Slice:
    """All filters of the exceptions page: the common ones in a line, the others behind a button."""
    with st.container(key="filters", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="filter-text", width=240):
            _text("q", "Search", "Client, deal, id or words")
        _pills(
            "sev", "Severity", {key: f"{mark.shape} {mark.word}" for key, mark in words.SEVERITIES.items()}
        )
        with st.container(key="filter-check", width=220):
            _choice("check", "All checks", list(checks), lambda key: _title(key, checks))
        with st.container(key="filter-entity", width=220):
            entity(names)
        with st.popover(_more(), width="content"):
            _choice("currency", "All currencies", found.currencies)
            _choice("owner", "Everybody who acts", found.owners)
            _choice("handoff", "All broken hand-offs", found.handoffs)
            _choice(
                "stage", "Missing at any stage", list(dict.fromkeys(BROKEN.values())), lambda key: TITLES[key]
            )
            _choice("age", "Any age", [band.key for band in BANDS], lambda key: words.BANDS[key])
            _pills("status", "Status", words.STATUSES)
    return current()


def _title(key: str, checks: Mapping[str, Check]) -> str:
    return checks[key].title if key in checks else words.title(key)


def _more() -> str:
    """The button of the other filters, with how many of them are set."""
    hidden = ("currency", "owner", "handoff", "stage", "age", "status", "engagement", "root")
    active = sum(key in st.query_params for key in hidden)
    return f"More filters ({active})" if active else "More filters"
