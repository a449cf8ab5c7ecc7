"""What a firm would otherwise run: dlt, where it is installed."""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module
from typing import Any

from app.bench._firm import Row
from app.bench._measure import Timing, timed
from app.bench._shop import Shop

_QUIET = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
}


def merge_with_dlt(shop: Shop, base: list[Row], rows: list[Row]) -> Timing:
    """The time dlt takes to merge rows by their id into a SQLite table that holds ``base``."""
    os.environ.update(_QUIET)
    dlt: Any = import_module("dlt")
    folder = shop.folder / "dlt"
    destination = dlt.destinations.sqlalchemy(f"sqlite:///{folder}.db")
    pipeline: Any = dlt.pipeline(
        "sightglass_bench", pipelines_dir=str(folder), destination=destination, dataset_name="main"
    )
    pipeline.run(base, table_name="time_entry", primary_key="id", write_disposition="append")
    merge = partial(pipeline.run, table_name="time_entry", primary_key="id", write_disposition="merge")
    return timed(partial(merge, rows))
