# SPDX-License-Identifier: AGPL-3.0-or-later
"""Read an event log with PM4Py and print, as one line of JSON, what it understood.

usage: read.py LOG.sqlite
"""

import json
import sys

import pm4py
from pm4py.objects.ocel.util import ocel_consistency
from pm4py.objects.ocel.validation import ocel20_rel_validation


def read(path):
    satisfied, unsatisfied = ocel20_rel_validation.apply(path)
    log = pm4py.read_ocel2_sqlite(path)
    flat = pm4py.ocel_flattening(log, "Engagement").sort_values(["time:timestamp", "concept:name"])
    ways = flat.groupby("case:concept:name")["concept:name"].agg(list)
    found = {
        "satisfied": len(satisfied),
        "unsatisfied": list(unsatisfied),
        "ways": ways.to_dict(),
        "amounts": log.events["amount"].dropna().round(2).tolist(),
        "times": str(log.events["ocel:timestamp"].dtype),
        "consistent": counts(ocel_consistency.apply(log)),
    }
    return counts(log) | found


def counts(log):
    tables = {
        "events": log.events,
        "objects": log.objects,
        "event_objects": log.relations,
        "object_objects": log.o2o,
    }
    sizes = {name: len(table) for name, table in tables.items()}
    types = {
        "event_types": log.events["ocel:activity"].value_counts().to_dict(),
        "object_types": log.objects["ocel:type"].value_counts().to_dict(),
    }
    return sizes | types | {"changes": len(log.object_changes)}


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1])))
