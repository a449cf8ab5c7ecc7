"""``sightglass.toml``: validated at start, unknown keys refused, every message names its key."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from collectors.contract import Role
from collectors.errors import ConfigError
from sandbox.living.clock import Clock

_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: Any) -> Any:
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    if isinstance(value, timedelta):
        return value
    raise ValueError("write a duration as a number and a unit: 30s, 5m, 2h, 1d")


def _zoned(value: Any) -> Any:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    if isinstance(found, datetime) and found.tzinfo is None:
        raise ValueError("write an instant with its zone: 2026-11-20T18:00:00Z")
    return found


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Zoned = Annotated[datetime, BeforeValidator(_zoned)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(_Section):
    """Where everything is kept: any SQLite or PostgreSQL address."""

    url: str = "sqlite:///sightglass.db"


class ClockSettings(_Section):
    """The time all is judged at; left out, the machine's own.

    ``now`` stops it at an instant, for a demonstration on files. ``file`` is the clock of a simulated firm:
    JSON of ``at``, ``wall`` and ``speed``, which say that it was ``at`` there when the machine's time was
    ``wall``, and how many times as fast its time goes since. The worker polls and pauses so much faster. Give
    one of them.
    """

    now: Zoned | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_clock(self) -> Self:
        if self.now and self.file:
            raise ValueError("give either now or file")
        return self


class SystemCommon(_Section):
    """The keys every system takes; the rest of its table belongs to its kind."""

    kind: str
    roles: tuple[Role, ...] = Field(min_length=1)
    legal_entities: tuple[str, ...] = ("*",)
    legal_entity_map: dict[str, str] = {}
    interval: Duration = timedelta(minutes=5)
    freshness: Duration | None = None
    references: dict[str, str] = {}
    options: dict[str, Any] = {}


class CheckSettings(_Section):
    """Thresholds in business days, and who acts."""

    enabled: bool = True
    watch: int | None = Field(default=None, ge=0)
    act: int | None = Field(default=None, ge=0)
    owner: str | None = None


class MoneySettings(_Section):
    """The reporting currency that sorts and totals, the rate type it is converted with, and materiality."""

    reporting_currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    rate_type: str | None = None
    large: Decimal = Decimal(100_000)
    notable: Decimal = Decimal(10_000)


class ReceiverSettings(_Section):
    """Where traces, events and metrics are served. Beyond loopback a token is required."""

    host: str = "127.0.0.1"
    port: int = 4318
    token: SecretStr | None = None
    token_file: Path | None = None
    max_bytes: int = 64 * 1024 * 1024

    def secret(self) -> str | None:
        """The token, from the file where one is named. Raises ConfigError for a file that is not there."""
        if self.token_file is None:
            return self.token.get_secret_value() if self.token else None
        try:
            return self.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            text = f"receiver.token_file: cannot read {self.token_file}: {error.strerror}"
            raise ConfigError(text, remedy="name a file that holds the token") from error


class WebSettings(_Section):
    """Where the pages are served."""

    host: str = "127.0.0.1"
    port: int = 8501


class TraceSettings(_Section):
    """Attribute -> kind of record it names, besides the built-in ones; how long spans are kept."""

    keys: dict[str, str] = {}
    keep: Duration = timedelta(days=30)


class IdentitySettings(_Section):
    """Which records mean the same: a CSV file that says so where no system does, and the role whose system
    has the last word on a kind of record.
    """

    crosswalk: Path | None = None
    system_of_record: dict[Literal["customer", "resource", "project"], Role] = {}

    def roles(self) -> dict[str, str]:
        """Kind -> the role with the last word, where the file says so."""
        return {str(kind): str(role) for kind, role in self.system_of_record.items()}


class CalendarSettings(_Section):
    """A company's own days off, besides its country's holidays."""

    days_off: tuple[date, ...] = ()


class TieOutSettings(_Section):
    """What two sides may differ by (minor units, a share), hours a difference may be young, and who acts."""

    enabled: bool = True
    absolute: int | None = Field(default=None, ge=0)
    relative: Annotated[Decimal, Field(ge=0, lt=1)] | None = None
    settle: int | None = Field(default=None, ge=0)
    owner: str | None = None


class CloseTaskSettings(_Section):
    """A task of the firm's own close that only a signature makes done."""

    title: str
    owner: str = "controller"


class CloseSettings(_Section):
    """From what amount on an open exception holds up the close (left out: money.notable), and own tasks."""

    materiality: Decimal | None = None
    tasks: dict[str, CloseTaskSettings] = {}


class Settings(_Section):
    """The whole file."""

    store: StoreSettings = StoreSettings()
    clock: ClockSettings = ClockSettings()
    systems: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], SystemCommon] = {}
    checks: dict[str, CheckSettings] = {}
    tieouts: dict[str, TieOutSettings] = {}
    close: CloseSettings = CloseSettings()
    money: MoneySettings = MoneySettings()
    receiver: ReceiverSettings = ReceiverSettings()
    web: WebSettings = WebSettings()
    traces: TraceSettings = TraceSettings()
    identity: IdentitySettings = IdentitySettings()
    calendar: dict[str, CalendarSettings] = {}
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    env_file: Path | None = None
    folder: Path = Path()


def load(path: Path | None) -> Settings:
    """The settings of a file, or the defaults without one. Raises ConfigError that names the key."""
    if path is None:
        return Settings(folder=Path.cwd())
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {error.strerror}", remedy="name an existing file with --config"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", remedy="correct that line") from error
    if "folder" in data:
        raise ConfigError(f"{path}: unknown key 'folder'", remedy="remove it")
    settings = parse(data, path.resolve().parent)
    if settings.env_file is not None:
        _set_variables(settings.folder / settings.env_file)
    return settings


def _set_variables(file: Path) -> None:
    """Secrets from a file of ``NAME=value`` lines, for variables that the environment does not set itself."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        text = f"env_file: cannot read {file}: {error.strerror}"
        raise ConfigError(text, remedy="name a file of NAME=value lines, or remove the key") from error
    for number, line in enumerate(lines, 1):
        name, sign, value = line.partition("=")
        if not line.strip() or line.startswith("#"):
            continue
        if not sign or not name.isidentifier():
            text = f"env_file: line {number} of {file} is no NAME=value"
            raise ConfigError(text, remedy="correct that line")
        os.environ.setdefault(name, value.strip())


def parse(data: Mapping[str, Any], folder: Path) -> Settings:
    """Settings from a mapping, with relative paths taken from ``folder``."""
    body = dict(data)
    if isinstance(body.get("systems"), Mapping):
        body["systems"] = {name: _with_options(table) for name, table in body["systems"].items()}
    try:
        return Settings(**body, folder=folder)
    except ValidationError as error:
        raise ConfigError(
            describe(error), remedy="correct the key; docs/configuration.md lists them all"
        ) from error


def _with_options(table: Any) -> Any:
    """A system's table with the keys of its own kind put aside; what is no table is left to be refused."""
    if not isinstance(table, Mapping):
        return table
    known = set(SystemCommon.model_fields) - {"options"}
    common = {key: value for key, value in table.items() if key in known}
    return common | {"options": {key: value for key, value in table.items() if key not in known}}


def describe(error: ValidationError, prefix: str = "") -> str:
    """A validation error as one line that names each key."""
    parts = []
    for item in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in item["loc"])
        parts.append(f"{prefix}{key}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(parts)


def store_url(settings: Settings) -> str:
    """The store's address; a relative SQLite file lies beside the configuration file."""
    url = os.environ.get("SIGHTGLASS_STORE_URL", settings.store.url)
    prefix = "sqlite:///"
    relative = url.startswith(prefix) and not url.startswith(f"{prefix}/")
    if relative and url != prefix and ":memory:" not in url:
        return f"{prefix}{(settings.folder / url.removeprefix(prefix)).resolve()}"
    return url


def now(settings: Settings) -> datetime:
    """The time: stopped, or that of a simulated firm, where the configuration says so."""
    if settings.clock.file is not None:
        return _clock(settings).now().astimezone(UTC)
    return settings.clock.now.astimezone(UTC) if settings.clock.now else datetime.now(UTC)


def speed(settings: Settings) -> float:
    """How much faster than the machine's the configured time goes; 1 where it is ours, or stands."""
    return max(_clock(settings).speed, 1.0) if settings.clock.file is not None else 1.0


def _clock(settings: Settings) -> Clock:
    """The clock as its file tells it now: whoever simulates the firm may set it ahead."""
    file = settings.folder / (settings.clock.file or "")
    try:
        return Clock.read(file)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"clock.file: cannot read {file}: {error}", remedy="start the simulated firm, or remove the key"
        ) from error


def moment(settings: Settings, as_of: datetime | None) -> datetime:
    """The instant asked about, in UTC where it names no zone; the time when none is given."""
    if as_of is None:
        return now(settings)
    return as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
