"""As much SQL as the collectors' queries need, over rows in memory: what a simulated system answers from.

One SELECT over joined tables with conditions, sums of groups and an order, in the spelling of Oracle
(NetSuite's SuiteQL) and Trino (Zuora's Data Query). A table or column that does not exist is refused, as the
vendors refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.apis._little_joins import Key, equalities, joined
from sandbox.apis._little_values import (
    Constant,
    Expression,
    Scope,
    SqlError,
    all_of,
    called,
    combined,
    compared,
    one_of,
    sortable,
)

__all__ = ["Known", "Row", "SqlError", "Tables", "answer"]

Row = dict[str, Any]
#: the joins of a FROM clause: each table's columns by its short name, and the rows
Known = dict[tuple[str, ...], tuple[dict[str, frozenset[str]], list[Scope]]]
Tables = Mapping[str, tuple[frozenset[str], Sequence[Mapping[str, Any]]]]

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|\d+(?:\.\d+)?|\w+(?:\.\w+)?|<>|<=|>=|\|\||[-+*(),=<>])")
_KEYWORDS = frozenset({"from", "join", "left", "inner", "on", "where", "order", "and", "or", "then", "else",
                       "when", "end", "as", "is", "in", "not", "by", "asc", "group"})  # fmt: skip


def answer(query: str, tables: Tables, known: Known | None = None) -> list[Row]:
    """The rows of a SELECT, null columns left out.

    ``known`` are joins worked out before of these same tables: pages of one query share them.
    """
    return _Query(_tokens(query), tables, {} if known is None else known).rows()


def _tokens(query: str) -> list[str]:
    found, place, text = [], 0, query.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise SqlError(f"Invalid or unsupported search near {text[place : place + 20]!r}")
        found.append(match[1])
        place = match.end()
    return found


@dataclass
class _Query:
    tokens: list[str]
    tables: Tables
    known: Known
    place: int = 0
    sources: dict[str, frozenset[str]] = field(default_factory=dict)
    members: dict[int, list[Scope]] = field(default_factory=dict)

    # ---- tokens ------------------------------------------------------------------------------

    def _peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _is(self, *words: str) -> bool:
        return self._peek().lower() in words

    def _take(self, *words: str) -> str:
        token = self._peek()
        if words and token.lower() not in words:
            raise SqlError(f"Invalid or unsupported search: {token!r} where {' or '.join(words)} belongs")
        self.place += 1
        return token

    def _took(self, *words: str) -> bool:
        if self._is(*words):
            self.place += 1
            return True
        return False

    # ---- clauses -----------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """The answer."""
        self._take("select")
        start = self.place
        # names are known only once the tables are
        self._skip_to("from")
        scopes = self._known_from()
        if self._took("where"):
            holds = self._expression()
            scopes = [scope for scope in scopes if holds(scope) is True]
        if self._took("group"):
            scopes = self._grouped(scopes)
        if self._took("order"):
            self._take("by")
            scopes = self._ordered(scopes)
        if self._peek():
            raise SqlError(f"Invalid or unsupported search near {self._peek()!r}")
        self.place = start
        columns = self._columns()
        told = ({name: pick(scope) for name, pick in columns} for scope in scopes)
        return [{name: value for name, value in row.items() if value is not None} for row in told]

    def _skip_to(self, word: str) -> None:
        while self._peek() and not self._is(word):
            self.place += 1
        self._take(word)

    def _known_from(self) -> list[Scope]:
        begin = end = self.place
        while end < len(self.tokens) and self.tokens[end].lower() not in {"where", "group", "order"}:
            end += 1
        clause = tuple(self.tokens[begin:end])
        if clause not in self.known:
            scopes = self._from()
            self.known[clause] = (self.sources, scopes)
        self.place = end
        self.sources, scopes = self.known[clause]
        return scopes

    def _from(self) -> list[Scope]:
        name, rows = self._table()
        scopes: list[Scope] = [{name: row} for row in rows]
        while self._is("join", "left", "inner"):
            outer = self._took("left")
            self._took("inner")
            self._take("join")
            name, rows = self._table()
            self._take("on")
            start = self.place
            holds = self._expression()
            condition = self.tokens[start : self.place]
            key = self._key(condition, start, name)
            is_all = key is not None and not any(token.lower() == "and" for token in condition)
            scopes = joined(scopes, name, rows, None if is_all else holds, key, outer=outer)
        return scopes

    def _key(self, condition: Sequence[str], start: int, name: str) -> Key | None:
        """What of the rows so far must equal what of the new table, where the condition says so.

        Only one of its parts is needed: rows that agree in it are tried with the whole condition.
        """
        end = self.place
        for begin, left, right in equalities(condition):
            if left == {name}:
                new, old = begin, begin + condition[begin:].index("=") + 1
            elif right == {name}:
                old, new = begin, begin + condition[begin:].index("=") + 1
            else:
                continue
            self.place = start + old
            of_old = self._sum()
            self.place = start + new
            of_new = self._sum()
            self.place = end
            return of_old, of_new
        return None

    def _table(self) -> tuple[str, Sequence[Mapping[str, Any]]]:
        table = self._take().lower()
        if table not in self.tables:
            raise SqlError(f"Invalid or unsupported search: Record {table!r} was not found")
        alias = self._take().lower() if self._peek().lower() not in _KEYWORDS | {""} else table
        columns, rows = self.tables[table]
        self.sources[alias] = columns
        return alias, rows

    def _grouped(self, scopes: list[Scope]) -> list[Scope]:
        """One row of each group; the others are kept beside it, for sums."""
        self._take("by")
        keys = self._listed()
        groups: dict[tuple[Any, ...], list[Scope]] = {}
        for scope in scopes:
            groups.setdefault(tuple(key(scope) for key in keys), []).append(scope)
        self.members = {id(group[0]): group for group in groups.values()}
        return [group[0] for group in groups.values()]

    def _listed(self) -> list[Expression]:
        found = [self._expression()]
        while self._took(","):
            found.append(self._expression())
        return found

    def _ordered(self, scopes: list[Scope]) -> list[Scope]:
        keys = self._listed()
        self._took("asc")
        return sorted(scopes, key=lambda scope: [sortable(key(scope)) for key in keys])

    def _columns(self) -> list[tuple[str, Expression]]:
        found = []
        while True:
            first, pick = self._peek(), self._expression()
            name = self._take() if self._took("as") else first.rpartition(".")[2]
            found.append((name.lower(), pick))
            if not self._took(","):
                return found

    # ---- expressions -------------------------------------------------------------------------

    def _expression(self) -> Expression:
        parts = [self._both()]
        while self._took("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) is True for part in parts)

    def _both(self) -> Expression:
        parts = [self._comparison()]
        while self._took("and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else all_of(parts)

    def _comparison(self) -> Expression:
        left = self._sum()
        if self._took("is"):
            wanted = not self._took("not")
            self._take("null")
            return lambda scope: (left(scope) is None) == wanted
        refused = self._took("not")
        if self._took("in"):
            self._take("(")
            return one_of(left, self._arguments(), refused=refused)
        if self._is("=", "<>", "<", "<=", ">", ">="):
            return compared(left, self._take(), self._sum())
        return left

    def _sum(self) -> Expression:
        found = self._term()
        while self._is("-", "+", "||"):
            found = combined(found, self._take(), self._term())
        return found

    def _term(self) -> Expression:
        token = self._take()
        if token == "-":  # noqa: S105 - a minus sign
            inner = self._term()
            return lambda scope: None if inner(scope) is None else -Decimal(str(inner(scope)))
        if token == "(":  # noqa: S105 - a bracket
            inner = self._expression()
            self._take(")")
            return inner
        if token.startswith("'"):
            return Constant(token[1:-1].replace("''", "'"))
        if token[0].isdigit():
            return Constant(Decimal(token))
        return self._case() if token.lower() == "case" else self._named(token)

    def _case(self) -> Expression:
        cases, otherwise = [], None
        while self._took("when"):
            holds = self._expression()
            self._take("then")
            cases.append((holds, self._expression()))
        if self._took("else"):
            otherwise = self._expression()
        self._take("end")

        def decided(scope: Scope) -> Any:
            then = next((then for holds, then in cases if holds(scope) is True), otherwise)
            return None if then is None else then(scope)

        return decided

    def _named(self, token: str) -> Expression:
        if self._took("("):
            given = self._arguments()
            return self._summed(given[0]) if token.lower() == "sum" else called(token.lower(), given)
        if token.lower() == "timestamp":
            return Constant(self._take()[1:-1])
        alias, dot, column = token.lower().partition(".")
        if not dot or alias not in self.sources or column not in self.sources[alias]:
            raise SqlError(f"Search error occurred: Field {column or alias!r} was not found")
        return lambda scope: scope[alias].get(column)

    def _summed(self, one: Expression) -> Expression:
        def summed(scope: Scope) -> Any:
            values = [one(member) for member in self.members[id(scope)]]
            return sum((Decimal(str(value)) for value in values if value is not None), Decimal(0))

        return summed

    def _arguments(self) -> list[Expression]:
        found = []
        while not self._took(")"):
            found.append(self._expression())
            self._took(",")
        return found
