"""Building HTML: whatever is not markup already is escaped, in text and in attributes alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

_VOID = frozenset({"br", "hr", "wbr"})
#: what a link out of a record may be: anything else (javascript:, data:) is shown, never followed
_SAFE_LINKS = ("http://", "https://")


class Html(str):
    """Text that is markup already: made only by :func:`tag` and :func:`join`."""

    __slots__ = ()


Part = Html | str | int | None
Attribute = str | int | bool | None
#: what stands behind the question mark of an address
Query = Mapping[str, str | int | Sequence[str] | None]


def tag(name: str, *children: Part, **attributes: Attribute) -> Html:
    """An element. ``class_`` loses its underscore, ``data_x`` becomes ``data-x``; None is left out."""
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{written}>" if name in _VOID else f"<{name}{written}>{join(*children)}</{name}>")


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value), quote=True)}"'


def join(*children: Part) -> Html:
    """Markup side by side."""
    return Html(
        "".join(c if isinstance(c, Html) else escape(str(c), quote=True) for c in children if c is not None)
    )


def text(value: object, **attributes: Attribute) -> Html:
    """A piece of data in its own direction: a right-to-left name does not turn what stands beside it."""
    return tag("bdi", str(value), **attributes)


def href(path: str, **query: str | int | Sequence[str] | None) -> str:
    """An address of ours: empty values are left out."""
    kept = {key: value for key, value in query.items() if value not in (None, "", (), [])}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


def inside(address: str, *children: Part, **attributes: Attribute) -> Html:
    """A link to a page of ours, which the browser opens without loading everything anew."""
    classes = " ".join(filter(None, ("sg-go", str(attributes.pop("class_", "") or ""))))
    return tag("a", *children, class_=classes, href=address, target="_self", **attributes)


def outside(address: str | None, *children: Part, **attributes: Attribute) -> Html:
    """A link into a source system, in a tab of its own; only http and https are followed."""
    if address is None or not address.lower().startswith(_SAFE_LINKS):
        return tag("span", *children, **attributes)
    return tag("a", *children, href=address, target="_blank", rel="noopener noreferrer", **attributes)
