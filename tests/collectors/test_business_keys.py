"""Which business objects a span names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collectors.business_keys import namings
from tests.collectors.otlp_requests import attributes, read, text


@pytest.mark.parametrize(
    ("named", "mapped", "found"),
    [
        ({"sightglass__project__id": text("P1")}, {}, [("project", "P1", None)]),
        ({"business__time_entry__id": text(" T1 ")}, {}, [("time_entry", "T1", None)]),
        ({"sightglass__contract__line__id": text("L1")}, {}, [("contract_line", "L1", None)]),
        ({"order_id": {"intValue": "42"}}, {"order_id": "opportunity"}, [("opportunity", "42", None)]),
        ({"order_id": text("42")}, {}, []),
        ({"sightglass__project__id": {"boolValue": True}}, {}, []),
        ({"sightglass__project__id": text("")}, {}, []),
        (
            {"sightglass__project__id": text("P1"), "sightglass__project__system": text("psa")},
            {},
            [("project", "P1", "psa")],
        ),
        (
            {"order_id": text("42"), "sightglass__opportunity__system": text("crm")},
            {"order_id": "opportunity"},
            [("opportunity", "42", "crm")],
        ),
        (
            {"sightglass__milestone__id": {"arrayValue": {"values": [text("M1"), text("M2"), text("M1")]}}},
            {},
            [("milestone", "M1", None), ("milestone", "M2", None)],
        ),
    ],
)
def test_attributes_name_business_objects(named: Any, mapped: dict[str, str], found: list[Any]) -> None:
    assert [(key.kind, key.id, key.system) for key in read(attributes(**named), **mapped).keys] == found


def test_every_kind_of_record_can_be_named() -> None:
    every = attributes(**{name.replace(".", "__"): text("1") for name in namings()})

    assert {key.kind for key in read(every).keys} == {naming.kind for naming in namings().values()}


def test_links_name_business_objects_too_and_the_span_says_the_system() -> None:
    links = [
        {"traceId": "AB" * 16, "spanId": "CD" * 8, **attributes(sightglass__invoice__id=text(f"I{number}"))}
        for number in range(200)
    ]
    keys = read({"links": links, **attributes(sightglass__invoice__system=text("erp"))}).keys

    assert len(keys) == 200
    assert {key.system for key in keys} == {"erp"}


def test_a_span_names_at_most_1000_objects() -> None:
    values = [text(str(number)) for number in range(1500)]
    decoded = read(attributes(sightglass__time_entry__id={"arrayValue": {"values": values}}))

    assert len(decoded.keys) == 1000
    assert json.loads(decoded.spans[0].flags or "")["keys_dropped"] == 500


def test_an_attribute_mapped_to_no_kind_of_record_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ValueError, match="'order_id' is mapped to 'order': choose one of customer"):
        namings({"order_id": "order"})
