"""Tryton 8.2 over JSON-RPC: deals, sales, projects, time, invoices and revenue of one database.

What cannot be seen from a row's own stamp, and how it is covered:

* a sale line's kind, an invoice line's sign and a posting's state live in the header: rows are read
  again when the header changes; whether an invoice line counts follows from the invoice record itself
* a task may move to another project, and a project may get its sale later: everything below a project
  that changed is read again
* a project has no field for its sale: it is tied by its tasks' sale lines (native reference), else by
  the sale number its name starts with (same number, refused where customer or company differ)
* Tryton knows no approval of time: what is saved is approved
* a posting keeps its deferral or the posting it takes back as origin: all lead to one invoice line,
  and taking back is a negative amount, so that sums are right
* rows are deleted without a trace: ids are compared (``sweep``)

Not read: running deferrals as scheduled revenue, adjustment periods, supplier invoices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr, model_validator

from collectors.contract import Page, Stream, System, SystemSettings
from collectors.engines.jsonrpc import JsonRpc, RpcAccess
from collectors.engines.secrets import secret, secret_file
from collectors.systems import _tryton_look as look
from collectors.systems import _tryton_money as money
from collectors.systems import _tryton_parse as parse
from collectors.systems import _tryton_work as work
from collectors.systems._tryton_read import Reader, Source

_Status = Literal["planned", "active", "on_hold", "complete", "closed", "cancelled"]


class TrytonSettings(SystemSettings):
    """Where the server is, who reads it, and what an installation names its own way.

    The password comes from exactly one of ``password``, ``password_env`` (a variable's name) and
    ``password_file``. ``project_statuses`` maps a status' name to ours, ``omit`` leaves out streams
    whose module is not installed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: Annotated[str, Field(pattern=r"^https?://[^/@?#\s]+(/[^@?#\s]*)?$")]
    database: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    user: Annotated[str, Field(min_length=1, pattern="^[^:]+$")]
    password: SecretStr | None = None
    password_env: str | None = None
    password_file: Path | None = None
    login: Literal["session", "basic"] = "session"
    page_size: Annotated[int, Field(ge=1, le=5000)] = 500
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 70.0
    project_statuses: dict[str, _Status] = Field(default_factory=dict)
    omit: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_password(self) -> TrytonSettings:
        if sum(x is not None for x in (self.password, self.password_env, self.password_file)) != 1:
            raise ValueError("give exactly one of password, password_env and password_file")
        if unknown := set(self.omit) - {source.kind for source in SOURCES}:
            raise ValueError(f"omit names streams that do not exist: {', '.join(sorted(unknown))}")
        return self


SOURCES = (
    Source(
        "legal_entity",
        "company.company",
        "party.name party.last_modified_at party.addresses.country.code party.addresses.subdivision.code"
        " currency.code timezone",
        parse.legal_entity,
        also=look.headed("party"),
    ),
    Source("customer", "party.party", "name", parse.customer, look=look.staff),
    Source(
        "resource",
        "company.employee",
        "party.name party.last_modified_at company active start_date end_date",
        parse.resource,
        also=look.headed("party"),
    ),
    Source(
        "opportunity",
        "sale.opportunity",
        "number description party party.name state currency.code amount company employee.party.name",
        parse.opportunity,
        look=look.entered("sale.opportunity", "state:won", "@won_at"),
    ),
    Source(
        "contract",
        "sale.sale",
        "number reference description origin party state company currency.code untaxed_amount"
        " lines.last_modified_at",
        parse.contract,
        look=look.entered("sale.sale", "state:confirmed", "@signed_at"),
        also=look.headed("lines"),
    ),
    Source(
        "contract_line",
        "sale.line",
        "description summary amount unit_price unit.factor unit.category sale.invoice_method sale.company"
        " sale.currency.code sale.last_modified_at",
        parse.contract_line,
        only=[["type", "=", "line"]],
        look=look.hourly,
        also=look.headed("sale"),
    ),
    Source(
        "project",
        "project.work",
        "number name party company company.currency.code status.name status.progress list_price"
        " project_invoice_method create_date",
        work.project,
        only=[["type", "=", "project"]],
        look=look.projects(look.itself),
        also=look.in_projects("path"),
    ),
    Source(
        "milestone",
        "project.work",
        "name company progress origin.amount origin.last_modified_at origin.sale.currency.code"
        " origin.sale.last_modified_at",
        work.milestone,
        only=[["type", "=", "task"], ["origin", "like", "sale.line,%"]],
        look=look.accepted,
        also=look.in_projects("path"),
    ),
    Source(
        "allocation",
        "project.allocation",
        "employee percentage work work.company work.early_start_time work.early_finish_time"
        " work.last_modified_at",
        work.allocation,
        look=look.projects(look.booked),
        also=look.in_projects("work.path"),
    ),
    Source(
        "time_entry",
        "timesheet.line",
        "employee date duration invoice_line company company.currency.code create_date work.origin",
        work.time_entry,
        look=look.projects(look.worked),
        also=look.in_projects("work.origin.path", "project.work"),
    ),
    Source(
        "invoice",
        "account.invoice",
        "number state move cancel_move.origin party company invoice_date numbered_at currency.code"
        " untaxed_amount lines_to_pay.maturity_date origin_invoices lines.last_modified_at",
        money.invoice,
        only=[["type", "=", "out"]],
        also=look.headed("lines"),
    ),
    Source(
        "invoice_line",
        "account.invoice.line",
        "invoice invoice.untaxed_amount invoice.last_modified_at company currency.code amount",
        money.invoice_line,
        only=[["type", "=", "line"], ["invoice_type", "=", "out"]],
        look=look.billed,
        also=look.headed("invoice"),
    ),
    Source(
        "revenue_line",
        "account.move.line",
        "origin debit credit amount_second_currency second_currency.code company company.currency.code"
        " move.origin move.state move.date move.period.name move.last_modified_at",
        money.revenue_line,
        only=[["account.type.revenue", "=", True]],
        look=look.earned,
        also=look.headed("move"),
    ),
    Source(
        "period",
        "account.period",
        "name start_date end_date state company",
        money.period,
        only=[["type", "=", "standard"]],
    ),
)


class TrytonConnection:
    """One signed-in way into one database; signs in on the first read."""

    def __init__(self, name: str, settings: TrytonSettings) -> None:
        url = settings.url.rstrip("/")
        access = RpcAccess(
            name,
            url,
            settings.database,
            settings.user,
            _password(name, settings),
            settings.login,
            settings.timeout_s,
        )
        self._rpc = JsonRpc(access)
        self._reader = Reader(self._rpc, settings.page_size)
        self._sources = {source.kind: source for source in SOURCES if source.kind not in settings.omit}
        self._site = parse.Site(f"{url}/#{settings.database}/model", settings.project_statuses)

    def streams(self) -> Sequence[Stream]:
        """Return the streams this configuration reads, named by their kind of record."""
        return [
            Stream(kind, kind, partial(parse.parsed, self._site, source), deletes="sweep")
            for kind, source in self._sources.items()
        ]

    def pages(self, stream: Stream, since: str | None, started_at: datetime) -> Iterator[Page]:
        """Read a stream's rows changed after a position, the newest last."""
        return self._reader.pages(self._sources[stream.name], since, started_at, stream.overlap)

    def ids(self, stream: Stream) -> Iterable[str]:
        """Read every id a stream holds now."""
        return self._reader.ids(self._sources[stream.name])

    def close(self) -> None:
        """Let go of the sockets."""
        self._rpc.close()


def _password(name: str, settings: TrytonSettings) -> SecretStr:
    if settings.password is not None:
        return settings.password
    if settings.password_env is not None:
        return SecretStr(secret(f"{name}: password_env", settings.password_env))
    return SecretStr(secret_file(f"{name}: password_file", settings.password_file or Path()))


SYSTEM = System(
    kind="tryton",
    title="Tryton",
    roles=("crm", "contract", "psa", "time", "erp", "revenue", "hcm"),
    settings=TrytonSettings,
    connect=TrytonConnection,
    verified="real server",
    records=tuple(source.kind for source in SOURCES),
    notes="Series 8.2 with the modules sale_opportunity, sale_project_task, project_invoice, project_plan.",
    engine="jsonrpc",
    permissions=("a user with read access to sales, projects, timesheets, invoices, accounts and companies",),
)
