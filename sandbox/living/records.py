"""Rows of the living firm beyond those of its exports."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.records import Resource


@dataclass(slots=True, kw_only=True)
class Person(Resource):
    """A consultant as PSA or time know them; ``code`` is their id in HCM."""

    code: str | None = None
