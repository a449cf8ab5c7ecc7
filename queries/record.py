"""What every record is made of: the units of its fields and what all kinds share."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

Id = Annotated[str, Meta(min_length=1, max_length=255)]
Text = Annotated[str, Meta(max_length=4000)]
Instant = Annotated[datetime, Meta(tz=True)]
Day = date
Money = Annotated[Decimal, Meta(extra={"unit": "money"})]
Hours = Annotated[Decimal, Meta(extra={"unit": "hours"})]
Rate = Annotated[Decimal, Meta(extra={"unit": "rate"})]
LinkMethod = Literal["native_reference", "external_id", "crosswalk_file", "same_number"]


class Record(Struct, kw_only=True, gc=False, omit_defaults=True):
    """What every record carries, whatever its kind."""

    id: Id
    legal_entity: Id | None = None
    source_updated_at: Instant
    deleted_at: Instant | None = None
    source_url: Text | None = None
