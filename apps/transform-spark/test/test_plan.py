"""The plan: what the compiler has to say to the program."""

import json
from pathlib import Path

import pytest

from plans import parcels
from transform_spark.plan import Column, Plan, UnusablePlan, parse_plan, quoted

COMMITTED = sorted((Path(__file__).parent.parent / "plans").glob("*.json"))


def plan_of(**changes: object) -> Plan:
    return parse_plan(json.dumps(parcels(**changes)), "parcels")


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_the_committed_plans_are_understood(path: Path) -> None:
    plan = parse_plan(path.read_text(), path.stem)
    assert plan.marks[-1]
    assert "row reasons" in [one.name for one in plan.marks[-1]]
    assert "row rule" in [one.name for one in plan.values[-1]]


def test_another_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(
        UnusablePlan, match=r"version 2, .* version 1; deploy the plans and the program together"
    ):
        plan_of(planVersion=2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "is incomplete"),
        ('{"planVersion": 1}', "is incomplete: 'dataset'"),
        ('{"planVersion": 1, "dataset": "letters"}', "is one of letters"),
    ],
)
def test_what_is_no_plan_of_the_dataset_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnusablePlan, match=message):
        parse_plan(text, "parcels")


def test_typed_columns_take_the_place_of_those_of_their_name() -> None:
    fields = parcels()["read"]["fields"]
    fields[1]["typed"] = [{"name": "bad 1", "sql": "false"}, {"name": "size", "sql": "7L"}]
    plan = plan_of(read={**parcels()["read"], "fields": fields})
    assert plan.marks_of(frozenset([1]))[0] == (plan.marks[0][0], Column("bad 1", "false"))
    assert plan.values_of(frozenset([1]))[0][1] == Column("size", "7L")
    assert plan.values_of(frozenset([0]))[0] == plan.values[0]


def test_a_name_stands_for_itself_whatever_is_in_it() -> None:
    assert quoted("a`b c") == "`a``b c`"
