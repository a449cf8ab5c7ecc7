"""A configuration block for a kind of system: what must be said, what may be, and which rights to ask for."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

from pydantic.fields import FieldInfo

from app.docs import default_of, words_of
from collectors.contract import System

_WIDTH = 100
_EXAMPLES = {"table": "{ }", "list": "[]", "whole": "0", "number": "0", "true": "true"}


def block(system: System, name: str) -> str:
    """TOML with comments; what is required stands open, what may be said is commented out."""
    fields = system.settings.model_fields.items()
    about = (system.settings.__doc__ or "").replace("``", "").strip()
    lines = [
        *_comment(f"{system.title}: {system.notes}" if system.notes else system.title),
        *_comment(f"Proven against: {system.verified}. Every key: docs/systems.md#{system.kind}"),
        "#",
        *_comment(about),
        *_rights(system),
        f"[systems.{name}]",
        f"kind = {json.dumps(system.kind)}",
        f"roles = {json.dumps(system.roles)}   # those this firm uses it for",
        '# legal_entities = ["UK01"]   # left out: all',
        '# interval = "5m"',
        *(_key(field.alias or key, field) for key, field in fields),
    ]
    return "\n".join(lines) + "\n"


def _rights(system: System) -> Iterator[str]:
    if system.permissions:
        yield "#"
        yield "# Ask the administrator for:"
        for right in system.permissions:
            yield from _comment(right, "#   - ", "#     ")


def _key(name: str, field: FieldInfo) -> str:
    value = words_of(field)
    if field.is_required():
        return f"{name} = {_example(value)}   # {value}"
    default = default_of(field)
    return f"# {name} = {default or _example(value)}   # {value}"


def _example(value: str) -> str:
    return next((example for start, example in _EXAMPLES.items() if value.startswith(start)), '"..."')


def _comment(text: str, first: str = "# ", then: str = "# ") -> list[str]:
    return textwrap.wrap(" ".join(text.split()), _WIDTH, initial_indent=first, subsequent_indent=then)
