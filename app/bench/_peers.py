"""What a firm would otherwise run: dlt, where it is installed."""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module
from typing import Any
from warnings import catch_warnings, simplefilter

from sqlalchemy.exc import SAWarning

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
    merge = partial(pipeline.run, table_name="time_entry", primary_key="id", write_disposition="merge")
    with catch_warnings():
        # its statements warn of their own making, which nobody here can mend
        simplefilter("ignore", SAWarning)
        pipeline.run(base, table_name="time_entry", primary_key="id", write_disposition="append")
        return timed(partial(merge, rows))
