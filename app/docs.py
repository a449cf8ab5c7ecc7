"""The reference pages of docs/, written from the program itself: systems, checks, configuration.

``python -m app.docs`` writes them anew; a test holds the committed pages to what this module says.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from app.settings import Settings, SystemCommon
from collectors.contract import System
from collectors.discovery import systems
from collectors.engines.vendor import VendorSettings
from collectors.mapping import Format, StreamMapping
from collectors.mapping.rules import Condition, Conditions, Rule
from metrics.check import Check, checks
from metrics.kpi import Kpi, kpis
from queries.untraceable import CHECK, REASON, REMEDY

_WORDS = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    Decimal: "number",
    date: "date",
    datetime: "instant with zone",
    timedelta: "duration (`30s`, `5m`, `2h`, `1d`)",
    Path: "path, relative to the configuration file",
    SecretStr: "secret text",
}
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_NOTE = "<!-- Written by `python -m app.docs`: change the program, not this page. -->\n"
_SYSTEMS = """\
A system is one `[systems.NAME]` table of `sightglass.toml`; NAME is its name in every record and message.
"""
_CHECKS = """\
A check lists a subject once it is older than its first threshold and calls it urgent past the second, in
business days on the legal entity's calendar. While a stream it requires is stale, it is *unknown*: never
green, never an alarm. Thresholds and owners are [configuration](configuration.md#checksname).
"""
_KPIS = """\
A KPI is told by month (the legal entity's own accounting periods, else calendar months), with the twelve
months before it. It is worked out from stored records, so the rows behind it always add up to it. While a
stream it requires is stale or missing, the months it does not reach are *unknown*, and show no number.
Money is told per currency, and converted at the named rates of each month's end; a currency without a
rate is named and left out. `sightglass kpis --json` and `/api/kpis` tell a list of:

| field | meaning |
| --- | --- |
| `key`, `title`, `question`, `formula`, `unit`, `good`, `streams` | what it is, and what it reads |
| `owner`, `source`, `version`, `limits` | whose it is, where the formula is from, what is not known back |
| `legal_entity`, `period` | what it is told of; no legal entity: all of them |
| `outcome`, `reason` | `known`, `nothing` (no rows to tell of) or `unknown`, and the stream that is why |
| `value`, `currency` | the figure as text, in its unit; without a reporting currency and with several, none |
| `p90`, `rows` | the 90th percentile beside a median; how many rows are behind it |
| `by_currency`, `unconverted` | per currency: `currency`, `value`, `rows`; currencies without a rate |
| `rate_type`, `rates_on` | the rates it was converted at, and the day of the newest |
| `change` | against the month before |
| `parts` | part -> `title`, `unit`, and its figure as above |
| `history` | thirteen months, oldest first: `period`, `outcome`, `value`, `currency` |
| `worked_out_at` | when |
"""
_CONFIGURATION = """\
`sightglass.toml` is read at the start; an unknown key or a wrong value stops it with the key's name.
Relative paths lie beside the file. Systems are described in [systems](systems.md).
"""
_TOP = """\
`env_file` names a file of `NAME=value` lines for the variables that secrets are taken from, such as those a
system's `password_env` names. Empty lines and those that begin with `#` are passed over; a variable that the
environment sets itself wins. Keep it out of version control, readable only for who runs Sightglass.
"""
_VARIABLES = (
    ("`SIGHTGLASS_CONFIG`", "the configuration file, instead of `--config`"),
    ("`SIGHTGLASS_STORE_URL`", "the store's address, instead of `store.url`"),
)
#: tables of the file that are described elsewhere, or are not in it
_APART = frozenset({"systems", "folder"})
#: stands where a value is a table of its own
_MODEL = "(table)"
#: what a mapping is made of has a page of its own
_MAPPED = (Rule, Condition, Conditions)
_MAPPING = "[mapping](mapping.md)"


def pages() -> dict[str, str]:
    """File name in docs/ -> its text."""
    return {
        "systems.md": systems_page(),
        "checks.md": checks_page(),
        "kpis.md": kpis_page(),
        "configuration.md": configuration_page(),
    }


def write(folder: Path) -> None:
    """Write every reference page into a folder."""
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


# ---- pages -----------------------------------------------------------------------------------


def systems_page() -> str:
    """Every kind of system: what it reads, what it was proven against, and the keys it takes."""
    found, described = systems().values(), dict[type[BaseModel], str]()
    overview = _table(
        ("kind", "what it is", "roles", "proven against"),
        ((f"[`{s.kind}`](#{s.kind})", s.title, ", ".join(s.roles), s.verified) for s in found),
    )
    parts = [
        "# Systems\n\n" + _NOTE,
        _SYSTEMS,
        overview,
        "## Keys every system takes\n",
        _summary(SystemCommon),
        _keys(SystemCommon, skip=("options",)),
        "## Keys every vendor's system takes\n",
        _summary(VendorSettings),
        _keys(VendorSettings),
        *(_system(system, described) for system in found),
    ]
    return "\n".join(parts)


def _system(system: System, described: dict[type[BaseModel], str]) -> str:
    """One kind's keys; a table that another kind described already is only named."""
    notes = f": {system.notes.rstrip('.')}" if system.notes else ""
    parts = [f"## {system.kind}\n", f"{system.title}{notes}.\n"]
    parts.append(
        f"Roles: {', '.join(system.roles)}. Records: {', '.join(system.records)}."
        f" Proven against: {system.verified}.\n"
    )
    parts += [_summary(system.settings), _keys(system.settings, below=True)]
    return "\n".join([*parts, *_tables(system.kind, "", system.settings, described)])


def _tables(
    kind: str, above: str, model: type[BaseModel], described: dict[type[BaseModel], str]
) -> Iterator[str]:
    """The tables within a table; several models under one key are the ways to fill it."""
    for name, inner in _nested(model):
        place, style = above + name, _style(inner)
        if inner in described:
            if style is None:
                first = described[inner]
                yield f"`{place}` takes the [same keys as that of {first}](#{first}).\n"
            continue
        described[inner] = kind
        way = f', `style = "{style}"`' if style else ""
        yield f"### {kind}: keys of `{place}`{way}\n"
        yield _summary(inner)
        yield _keys(inner, below=not issubclass(inner, Format))
        yield from _tables(kind, f"{place}.", inner, described)


def _style(model: type[BaseModel]) -> str | None:
    """The word that chooses this model among several."""
    field = model.model_fields.get("style")
    return None if field is None else str(get_args(field.annotation)[0])


def checks_page() -> str:
    """Every check: its question, what it reads, when it speaks, who acts."""
    found = checks().values()
    overview = _table(
        ("check", "asks", "acts", "listed after", "urgent after"),
        ((f"[`{c.key}`](#{c.key})", c.question, c.acts, _listed(c), f"{c.act} days") for c in found),
    )
    return "\n".join(["# Checks\n\n" + _NOTE, _CHECKS, overview, *(_check(check) for check in found)])


def _listed(check: Check) -> str:
    return "at once" if check.at_once and not check.watch else f"{check.watch} days"


def _check(check: Check) -> str:
    beside = f"\n- Beside it: untraceable time, of which {REASON}. {REMEDY}" if check.key == CHECK else ""
    reads = _table(
        ("role", "records", "without it"),
        ((n.role, n.kind, "unknown" if n.required else "judged all the same") for n in check.reads),
    )
    rests = (
        reads if check.reads else "It rests on what every poll notes of its stream, and is never unknown.\n"
    )
    return "\n".join([
        f"## {check.key}\n",
        f"**{check.title}.** {check.question}\n",
        f"- Subject: {check.subject}\n- Amount: {check.amount}",
        f"- Acts: {check.acts}\n- Remedy: {check.remedy}{beside}\n",
        rests,
    ])  # fmt: skip


def kpis_page() -> str:
    """Every KPI: its question, its formula, what it reads, what is not known back in time."""
    found = kpis().values()
    overview = _table(
        ("KPI", "asks", "unit", "owner"),
        ((f"[`{k.key}`](#{k.key})", k.question, k.unit, k.owner) for k in found),
    )
    return "\n".join(["# KPIs\n\n" + _NOTE, _KPIS, overview, *(_kpi(kpi) for kpi in found)])


def _kpi(kpi: Kpi) -> str:
    parts = _table(
        ("part", "is", "unit"), ((f"`{key}`", p.title, kpi.unit_of(key)) for key, p in kpi.parts.items())
    )
    reads = _table(
        ("role", "records", "without it"),
        ((n.role, n.kind, "unknown" if n.required else "told all the same") for n in kpi.reads),
    )
    limits = f"\n- Back in time: {kpi.limits}" if kpi.limits else ""
    return "\n".join([
        f"## {kpi.key}\n",
        f"**{kpi.title}.** {kpi.question}\n",
        f"- Formula: {kpi.formula}\n- Source: {kpi.source}",
        f"- Owner: {kpi.owner}\n- Version: {kpi.version}{limits}\n",
        parts,
        reads if kpi.reads else "It rests on what Sightglass itself keeps.\n",
    ])  # fmt: skip


def configuration_page() -> str:
    """Every key of sightglass.toml outside the systems."""
    parts = [
        "# Configuration\n\n" + _NOTE,
        _CONFIGURATION,
        _table(("variable", "meaning"), _VARIABLES),
        "## Top level\n",
        _TOP,
        _keys(Settings, skip=(*_APART, *(name for name, _ in _sections()))),
    ]
    for name, model in _sections():
        parts += [f"## {name}\n", _summary(model), _keys(model)]
    return "\n".join(parts)


def _sections() -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in Settings.model_fields.items():
        if name not in _APART and (model := _model(field.annotation)) is not None:
            tables = get_origin(field.annotation) is dict
            yield (f"{name}.NAME" if tables else name), model


# ---- parts -----------------------------------------------------------------------------------


def _summary(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split()).replace("``", "`") + "\n"


def _keys(model: type[BaseModel], skip: Iterable[str] = (), *, below: bool = False) -> str:
    left_out = {name.removesuffix(".NAME") for name in skip}
    table = "table, below" if below else "[mapping](mapping.md)"
    rows = (
        (f"`{field.alias or name}`", _words(field.annotation).replace(_MODEL, table), _default(field))
        for name, field in model.model_fields.items()
        if name not in left_out
    )
    return _table(("key", "value", "left out"), rows)


def _nested(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        # what a mapping is made of has a page of its own
        if not issubclass(model, StreamMapping) or name not in StreamMapping.model_fields:
            for inner in _models(field.annotation):
                yield (f"{name}.NAME" if get_origin(field.annotation) is dict else name), inner


def _model(annotation: Any) -> type[BaseModel] | None:
    """The settings model an annotation is, or is a table of."""
    return next(iter(_models(annotation)), None)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The settings models an annotation is, or is a table of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in _MAPPED:
            yield annotation
        return
    for part in get_args(annotation):
        yield from _models(part)


def _words(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    parts = [part for part in arguments if part not in (types.NoneType, Ellipsis)]
    if origin in (Annotated, Union, types.UnionType):
        kinds = parts[:1] if origin is Annotated else parts
        return " or ".join(dict.fromkeys(_words(part) for part in kinds))
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (tuple, dict):
        whole = "list of " if origin is tuple else "table of names, each: "
        return whole + _words(parts[-1])
    if annotation in _MAPPED:
        return _MAPPING
    if _model(annotation) is not None:
        return _MODEL
    named = next((words for kind, words in _WORDS.items() if annotation is kind), None)
    return named or ("instant with zone" if "AwareDatetime" in str(annotation) else "any value")


def words_of(field: FieldInfo) -> str:
    """What a key takes, in words."""
    return _words(field.annotation).replace(_MODEL, "table").replace(_MAPPING, "mapping").replace("`", "")


def default_of(field: FieldInfo) -> str:
    """What a key is when it is left out, as TOML; empty where that is nothing."""
    told = _default(field).strip("`")
    value = field.get_default(call_default_factory=True)
    return told if not told or isinstance(value, bool | int | float) else f'"{told}"'


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True) if not field.is_required() else None
    if field.is_required():
        return "**required**"
    if value is None or isinstance(value, BaseModel) or value in ((), {}, ""):
        return ""
    return f"`{_shown(value)}`"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return next(f"{seconds // size}{unit}" for unit, size in _UNITS if seconds % size == 0)
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{part}"' for part in value) + "]"
    return str(value)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return (
        "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
        + "\n"
    )


if __name__ == "__main__":
    write(Path(__file__).parents[1] / "docs")
