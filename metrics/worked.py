"""Time entries where they are listed: with their contract line, and the project a person would open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func
from sqlalchemy.sql.selectable import FromClause

from queries.project_views import subject_of
from queries.schema import NO_MONEY, RECORD_TABLES


@dataclass(frozen=True, slots=True)
class Worked:
    """Time entries joined to what they are about.

    ``view`` is the project an entry names, ``subject`` the project that view stands for, ``kind`` how the
    work bills: by its contract line, or by its project where the entry names no line.
    """

    entry: FromClause
    line: FromClause
    view: FromClause
    subject: FromClause
    tables: FromClause

    @property
    def kind(self) -> ColumnElement[Any]:
        """How the work of an entry bills."""
        method = func.coalesce(self.subject.c.billing_method, self.view.c.billing_method)
        return func.coalesce(self.line.c.kind, case((self.entry.c.contract_line_id.is_(None), method)))

    @property
    def currency(self) -> ColumnElement[Any]:
        """The currency of an entry's value, or the word for none."""
        return func.coalesce(self.entry.c.open_currency, self.line.c.currency, NO_MONEY)

    def shape(self) -> dict[str, ColumnElement[Any]]:
        """What a check of a project's time says of it: the columns that place a row, by name."""
        entry, view, subject = self.entry.c, self.view.c, self.subject.c
        project_id = func.coalesce(subject.id, entry.project_id)
        return {
            "subject_system": func.coalesce(subject.system, entry.project_system, entry.contract_line_system),
            "subject_kind": case((project_id.is_(None), "contract_line"), else_="project"),
            "subject_id": func.coalesce(project_id, entry.contract_line_id),
            "contract_line": entry.contract_line_id,
            "currency": self.currency,
            "engagement_id": entry.engagement_id,
            "legal_entity": func.coalesce(subject.legal_entity, view.legal_entity, entry.legal_entity),
        }

    @property
    def source_url(self) -> ColumnElement[Any]:
        """Where a person opens the project; the time entry where nobody knows the project."""
        return func.coalesce(self.subject.c.source_url, self.view.c.source_url, self.entry.c.source_url)


def worked() -> Worked:
    """Time entries and what they are about, each found by its key."""
    entry, line = RECORD_TABLES["time_entry"], RECORD_TABLES["contract_line"]
    view, subject = RECORD_TABLES["project"].alias("view"), RECORD_TABLES["project"].alias("subject")
    own_line = and_(line.c.system == entry.c.contract_line_system, line.c.id == entry.c.contract_line_id)
    own_view = and_(view.c.system == entry.c.project_system, view.c.id == entry.c.project_id)
    tables = (
        entry.outerjoin(line, own_line)
        .outerjoin(view, own_view)
        .outerjoin(subject, subject_of(view, subject))
    )
    return Worked(entry, line, view, subject, tables)


def worth(entry: FromClause) -> ColumnElement[Any]:
    """What an entry is worth, billed or not; 0 where no rate prices it."""
    return func.coalesce(entry.c.open_minor + entry.c.relieved_minor, 0)


def unrated(entry: FromClause) -> ColumnElement[Any]:
    """The hours of an entry that no rate prices."""
    return case((entry.c.open_minor.is_(None), entry.c.hours), else_=0)


def hours_in_words(hours: Any) -> str:
    """Hours as stored, as a person says them: ``7.5 h``."""
    return f"{hours / 1_000_000:g} h"
