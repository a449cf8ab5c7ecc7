"""A stream's mapping as data: where each field of a record comes from.

These models only say what may be written; :mod:`collectors.mapping.compiling` makes functions of them.
Unknown keys are refused, and every error names the key.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import BeforeValidator, Field, field_validator, model_validator

from collectors.mapping.formats import Format, Strict

Scalar = bool | int | float | Decimal | datetime | date | str
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SOURCES = ("column", "path", "constant", "template", "when")


def _said_shortly(value: Any) -> Any:
    """``"Stat"`` is the column of that name; any other plain value is a constant."""
    if isinstance(value, str):
        return {"column": value}
    return value if isinstance(value, (dict, Strict)) else {"constant": value}


def _outcome(value: Any) -> Any:
    """After ``then`` and ``else`` a plain value is the value itself."""
    return value if isinstance(value, (dict, Strict)) else {"constant": value}


def _path(expression: str | None) -> str | None:
    if expression is not None:
        try:
            jmespath.compile(expression)
        except JMESPathError as error:
            raise ValueError(f"{expression!r} is not a JMESPath: {error}") from None
    return expression


Path = Annotated[str | None, BeforeValidator(_path)]


class Condition(Strict):
    """One test of one column: exactly one of ``is``, ``in``, ``not`` and ``present``.

    ``is = true`` and ``is = false`` go by the format's words, anything else by the text as it stands.
    """

    column: str | None = None
    path: Path = None
    equals: Scalar | None = Field(default=None, alias="is")
    among: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    differs: Scalar | tuple[Scalar, ...] | None = Field(default=None, alias="not")
    present: bool | None = None

    @model_validator(mode="after")
    def _one_test_of_one_place(self) -> Self:
        if (self.column is None) == (self.path is None):
            raise ValueError("a condition needs either column or path")
        tests = (self.equals, self.among, self.differs, self.present)
        if sum(test is not None for test in tests) != 1:
            raise ValueError("a condition needs exactly one of is, in, not, present")
        return self


class Conditions(Strict):
    """Conditions that must all hold, and others of which one must."""

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    @model_validator(mode="after")
    def _tests_something(self) -> Self:
        if not self.all and not self.any:
            raise ValueError("name conditions in all or any")
        return self


class Entries(Strict):
    """How one cell lists the time entries an invoice line bills: ``T1:4.5;T2``.

    ``each`` makes an entry's id of its text ({}) and other columns; ``system`` is the system they are in.
    """

    separator: str = Field(default=";", min_length=1)
    hours_mark: str = ":"
    each: str = "{}"
    system: str | None = None


class Rule(Strict):
    """Where one field comes from: exactly one of column, path, constant, template and when.

    ``values`` translates, ``default`` stands in for nothing and for what has no translation, ``divide``
    turns cents into money or minutes into hours. Values, defaults and constants are canonical.
    """

    column: str | None = None
    path: Path = None
    constant: Scalar | None = None
    template: str | None = None
    paths: dict[str, Path] = Field(default_factory=dict)
    when: tuple[Case, ...] | None = None
    otherwise: Outcome | None = Field(default=None, alias="else")
    values: dict[str, Scalar] | None = None
    default: Scalar | None = None
    divide: Decimal | None = Field(default=None, gt=0)
    entries: Entries | None = None

    @field_validator("template")
    @classmethod
    def _composes(cls, template: str | None) -> str | None:
        if template is not None and not all(PLACEHOLDER.findall(template) or [""]):
            raise ValueError(f"{template!r} must name columns in braces, such as {{Source}}:{{Id}}")
        return template

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [source for source in _SOURCES if getattr(self, source) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_SOURCES)}; has {given or 'none'}")
        if self.otherwise is not None and self.when is None:
            raise ValueError("else belongs to when")
        turns = [name for name in ("values", "divide", "entries") if getattr(self, name) is not None]
        if len(turns) > 1 or (turns and given[0] in {"constant", "when"}):
            raise ValueError(f"{' and '.join(turns)} cannot be used with {given[0]} or with each other")
        stray = set(self.paths) - set(PLACEHOLDER.findall(self.template or ""))
        if stray:
            raise ValueError(f"paths names {sorted(stray)}, which the template does not")
        return self


class Case(Conditions):
    """A test and what the field is when it holds."""

    then: Outcome


Outcome = Annotated[Rule, BeforeValidator(_outcome)]
FieldRule = Annotated[Rule, BeforeValidator(_said_shortly)]


def _rules(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else (value,)


def _deleted(value: Any) -> Any:
    if isinstance(value, str):
        return {"all": [{"column": value, "is": True}]}
    if isinstance(value, dict) and not {"all", "any"} & set(value):
        return {"all": [value]}
    return value


class StreamMapping(Strict):
    """One stream of a configured system, as far as every generic system has it.

    ``kind`` is the record kind, by default the stream's own name. Without ``fields`` the columns
    already carry the canonical names; with them only what is listed is read, unless ``same_names``.
    ``version`` is the column (the newest of several) that says when the source last changed the row;
    ``changed`` the column to ask the source by, when it is another; ``deleted`` the flag column, or a
    condition, that says the row is gone.
    """

    kind: str | None = None
    fields: dict[str, FieldRule] = Field(default_factory=dict)
    same_names: bool = False
    version: Annotated[tuple[FieldRule, ...], BeforeValidator(_rules)] = ()
    changed: Annotated[tuple[str, ...], BeforeValidator(_rules)] = ()
    deleted: Annotated[Conditions, BeforeValidator(_deleted)] | None = None
    format: Format = Format()

    @property
    def is_by_name(self) -> bool:
        """Whether columns named like a field of the record are that field."""
        return self.same_names or not self.fields

    @property
    def is_mapped(self) -> bool:
        """Whether rows need more than dropping what is empty."""
        return bool(self.fields or self.version or self.deleted or self.same_names)


def fingerprint(mapping: StreamMapping, fmt: Format, *more: object) -> str:
    """Equal as long as rows are read alike: with another one, what was read must be read again."""
    said = mapping.model_dump_json(include=set(StreamMapping.model_fields))
    return hashlib.sha256(repr((said, fmt.model_dump_json(), more)).encode()).hexdigest()[:16]


Rule.model_rebuild()
Case.model_rebuild()
