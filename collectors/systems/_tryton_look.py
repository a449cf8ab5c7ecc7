"""What Tryton keeps beside a row: who won when, which sale a project serves, what an invoice line bills.

Each look-up is asked for one page of rows and adds its findings under keys that start with ``@``, in
wire form, so that a quarantined row can be read again later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from collectors.engines.jsonrpc_values import encode
from collectors.systems._tryton_read import Domain, Reader, Row, chunks, reference

_WORK = ("name", "type", "path", "company", "list_price", "project_invoice_method", "last_modified_at")
_SALE = ("number", "company", "invoice_method", "lines.type", "last_modified_at")
_LINE = ("origin", "project_invoice_works", "project_invoice_progresses.work")
_SALE_TASKS = ["origin", "like", "sale.line,%"]


def entered(model: str, target: str, key: str) -> Callable[[Reader, list[Row]], None]:
    """Look up when each record last changed ``target``: a state entered, or a field written."""

    def look(reader: Reader, rows: list[Row]) -> None:
        names = {f"{model},{row['id']}": row for row in rows}
        domain = [["resource", "in", list(names)], ["target", "like", f"%{target}%"]]
        for entry in reader.rows("ir.model.log", domain, ("resource", "target", "create_date")):
            if target in entry["target"].split(","):
                names[entry["resource"]][key] = entry["create_date"]

    return look


def staff(reader: Reader, rows: list[Row]) -> None:
    """Look up which parties are the firm's own: its people and its companies."""
    domain = [["party", "in", [row["id"] for row in rows]]]
    models = ("company.employee", "company.company")
    own = {found["party"] for model in models for found in reader.rows(model, domain, ("party",))}
    for row in rows:
        row["@own"] = row["id"] in own


def hourly(reader: Reader, rows: list[Row]) -> None:
    """Look up whether a line's unit is one of time."""
    for row in rows:
        row["@hourly"] = (row["unit."] or {}).get("category") == reader.time_category


def itself(row: Row) -> int | None:
    """Name the work a row of works is."""
    return int(row["id"])


def booked(row: Row) -> int | None:
    """Name the work an allocation books."""
    return int(row["work"])


def worked(row: Row) -> int | None:
    """Name the work a time line is about; none when the time was not spent on a project."""
    return reference(row["work."]["origin"], "project.work")


def projects(work: Callable[[Row], int | None]) -> Callable[[Reader, list[Row]], None]:
    """Look up the work a row is about, its project, the top of its tree, and the sale they serve."""

    def look(reader: Reader, rows: list[Row]) -> None:
        works = _trees(reader, {work(row) for row in rows})
        sales = _sales(reader, {i: w for i, w in works.items() if w["type"] == "project"})
        for row in rows:
            found = works.get(work(row) or 0)
            if found is None:
                continue
            near, root = _near(found, works), _ancestry(found)[0]
            row["@work"], row["@project"], row["@root"] = found, works.get(near), root
            row["@sale"] = sales.get(near) or sales.get(root)

    return look


def accepted(reader: Reader, rows: list[Row]) -> None:
    """Look up when each task's progress was last written, and the project it is part of."""
    entered("project.work", "progress", "@written_at")(reader, rows)
    projects(itself)(reader, rows)


def billed(reader: Reader, rows: list[Row]) -> None:
    """Look up what each invoice line bills: its sale line, task, project and hours."""
    traces = _traces(reader, [row["id"] for row in rows])
    for row in rows:
        row["@bills"] = traces.get(row["id"])


def earned(reader: Reader, rows: list[Row]) -> None:
    """Look up the invoice line behind each posting: by origin, deferral, or the posting it takes back."""
    undone = reader.by_id(
        "account.move.line",
        [reference(row["origin"], "account.move.line") for row in rows],
        ("origin", "move.origin"),
    )
    behind = {row["id"]: undone.get(reference(row["origin"], "account.move.line") or 0, row) for row in rows}
    deferrals = reader.by_id(
        "account.invoice.deferred",
        [reference(row["move."]["origin"], "account.invoice.deferred") for row in behind.values()],
        ("invoice_line",),
    )
    lines: dict[int, int | None] = {}
    for own_id, row in behind.items():
        deferred = deferrals.get(reference(row["move."]["origin"], "account.invoice.deferred") or 0)
        direct = reference(row["origin"], "account.invoice.line")
        lines[own_id] = deferred["invoice_line"] if deferred else direct
    traces = _traces(reader, [line for line in lines.values() if line is not None])
    for row in rows:
        row["@bills"] = traces.get(lines[row["id"]] or 0)


def headed(path: str) -> Callable[[Reader, datetime], Iterable[Domain]]:
    """Name the rows whose header, or whose lines, changed since."""
    return lambda _, since: [[f"{path}.last_modified_at", ">", encode(since)]]


def in_projects(path: str, *model: str) -> Callable[[Reader, datetime], Iterable[Domain]]:
    """Name the rows below projects that changed since: moved, renamed, or sold anew."""

    def also(reader: Reader, since: datetime) -> Iterator[Domain]:
        for part in chunks(sorted(_touched(reader, since))):
            yield ["OR", *([[path, "like", f"{root}/%", *model]] for root in part)]

    return also


def _touched(reader: Reader, since: datetime) -> set[int]:
    at = encode(since)
    moved: Domain = [
        "OR",
        ["last_modified_at", ">", at],
        ["origin.last_modified_at", ">", at, "sale.line"],
        ["origin.sale.last_modified_at", ">", at, "sale.line"],
    ]
    found = reader.rows("project.work", moved, ("path",))
    changed: Domain = ["OR", ["last_modified_at", ">", at], ["lines.last_modified_at", ">", at]]
    sales = reader.rows("sale.sale", [["number", "!=", None], changed], ("number",))
    for part in chunks(sales):
        named = ["OR", *(["name", "like", f"{sale['number']}%"] for sale in part)]
        found += reader.rows("project.work", [["type", "=", "project"], named], ("path",))
    return {_ancestry(work)[0] for work in found}


def _ancestry(work: Row) -> list[int]:
    return [int(part) for part in work["path"].strip("/").split("/")]


def _trees(reader: Reader, ids: Iterable[int | None]) -> dict[int, Row]:
    """The works and everything above them."""
    works = reader.by_id("project.work", ids, _WORK)
    above = {i for work in works.values() for i in _ancestry(work)} - works.keys()
    return works | reader.by_id("project.work", above, _WORK)


def _sales(reader: Reader, projects: Mapping[int, Row]) -> dict[int, Row]:
    """The sale behind each project: that of its tasks, else the one whose number starts its name."""
    if not projects:
        return {}
    below = [["parent", "child_of", list(projects), "parent"], _SALE_TASKS]
    native: dict[int, int] = {}
    for task in reader.rows("project.work", below, ("path", "origin.sale")):
        for above in _ancestry(task):
            native.setdefault(above, task["origin."]["sale"])
    numbers = {number for work in projects.values() if (number := _number(work["name"]))}
    wanted: Domain = ["OR", ["number", "in", sorted(numbers)], ["id", "in", sorted(set(native.values()))]]
    sales = {sale["id"]: sale for sale in reader.rows("sale.sale", [wanted], _SALE)}
    numbered: dict[str, list[Row]] = defaultdict(list)
    for sale in sales.values():
        numbered[sale["number"]].append(sale)
    found = {i: _sale_of(work, sales.get(native.get(i, 0)), numbered) for i, work in projects.items()}
    return {i: sale for i, sale in found.items() if sale is not None}


def _sale_of(project: Row, native: Row | None, numbered: Mapping[str, list[Row]]) -> Row | None:
    if native:
        return native | {"link": "native_reference"}
    found = numbered.get(_number(project["name"]), [])
    # numbers are given per company: the project's own company decides between equal ones
    own = [sale for sale in found if sale["company"] == project["company"]] or found
    return own[0] | {"link": "same_number"} if len(own) == 1 else None


def _number(name: str | None) -> str:
    return (name or "").partition(" ")[0].rstrip(":-,")


def _near(work: Row, works: Mapping[int, Row]) -> int:
    """The project a work belongs to: the closest above it or itself, else the top of its tree."""
    ids = _ancestry(work)
    return next((i for i in reversed(ids) if i in works and works[i]["type"] == "project"), ids[0])


def _traces(reader: Reader, ids: Iterable[int]) -> dict[int, Row]:
    """What each invoice line bills; a credit bills, backwards, what its original does."""
    lines = reader.by_id("account.invoice.line", ids, _LINE)
    credited = {i: reference(line["origin"], "account.invoice.line") for i, line in lines.items()}
    originals = reader.by_id("account.invoice.line", credited.values(), _LINE)
    billing = {i: originals.get(credited[i] or 0, line) for i, line in lines.items()}
    sale_line = {i: reference(line["origin"], "sale.line") for i, line in billing.items()}
    sold = reader.by_id("sale.line", sale_line.values(), ("sale.invoice_method",))
    tasks, time = _tasks(reader, sold), _time(reader, {line["id"] for line in billing.values()})
    work_of = {i: _work_of(line, time[line["id"]]) for i, line in billing.items()}
    works = _trees(reader, work_of.values())
    return {
        i: {
            "credits": credited[i],
            "sale_line": sale_line[i],
            "method": sold[line]["sale."]["invoice_method"] if (line := sale_line[i] or 0) in sold else None,
            "task": tasks.get(line),
            "project": _near(works[work], works) if (work := work_of[i] or 0) in works else None,
            "time": time[i],
            "timed": bool(time[billing[i]["id"]]),
        }
        for i in lines
    }


def _tasks(reader: Reader, sale_lines: Iterable[int]) -> dict[int, int]:
    """The one task each sale line became; none where it became several."""
    origins = [f"sale.line,{i}" for i in sale_lines]
    found: dict[int, set[int]] = defaultdict(set)
    for task in reader.rows("project.work", [["origin", "in", origins]], ("origin",)) if origins else ():
        found[reference(task["origin"], "sale.line") or 0].add(task["id"])
    return {line: tasks.pop() for line, tasks in found.items() if len(tasks) == 1}


def _time(reader: Reader, lines: Iterable[int]) -> dict[int, list[Row]]:
    """The time entries billed on each invoice line."""
    found: dict[int, list[Row]] = defaultdict(list)
    domain = [["invoice_line", "in", sorted(lines)]]
    for entry in reader.rows("timesheet.line", domain, ("invoice_line", "duration", "work.origin")):
        found[entry["invoice_line"]].append(entry)
    return found


def _work_of(line: Row, time: list[Row]) -> int | None:
    origins = [reference(entry["work."]["origin"], "project.work") for entry in time]
    progress = [entry["work"] for entry in line["project_invoice_progresses."]]
    return next((i for i in [*origins, *line["project_invoice_works"], *progress] if i is not None), None)
