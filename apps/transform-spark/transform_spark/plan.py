"""A plan: what is to be done with an object of a dataset, as `compileSparkPlan` wrote it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Columns that the reader yields beside the cells, and those that the plan's layers yield. A blank keeps them
# apart from a dataset's own names.
POSITION = "row position"
PROBLEM = "row problem"
RAW = "row raw"
AS_OF = "row as of"
NUMBER = "row number"
REASONS = "row reasons"
RULE = "row rule"

# The row's number in the object, in what is staged for a table.
STAGED_ROW = "sluice_row"


def quoted(name: str) -> str:
    """Write a name as an SQL identifier, whatever is in it."""
    return f"`{name.replace('`', '``')}`"


def cell_name(field: int) -> str:
    """Name the column that holds what the object has in the n-th field."""
    return f"cell {field}"


class UnusablePlan(Exception):
    """The plan is none that this program can carry out."""


@dataclass(frozen=True)
class Column:
    """An expression in Spark SQL and the name that it gets."""

    name: str
    sql: str


Layer = tuple[Column, ...]


@dataclass(frozen=True)
class PlannedField:
    """A field that is read: `source` is the object's column, `json` takes nested values as text.

    `typed` takes the place of the layers' columns of the same name if a Parquet object's column has a type of its own.
    """

    source: str
    type: str
    json: bool
    needed: bool
    typed: Layer


@dataclass(frozen=True)
class ReadPlan:
    """How an object is taken apart; the dataset's name is for messages."""

    dataset: str
    formats: tuple[str, ...]
    delimiter: str
    unknown_columns: str
    fields: tuple[PlannedField, ...]


@dataclass(frozen=True)
class TableColumn:
    """A column of a table, its type in Spark's words."""

    name: str
    type: str


@dataclass(frozen=True)
class Table:
    """A Delta table: its rows are merged by the key."""

    columns: tuple[TableColumn, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """See `SparkPlan` in packages/record-transform for what each part means."""

    dataset: str
    # Settings under which the plan's SQL means what it is to mean.
    session: Mapping[str, str]
    read: ReadPlan
    marks: tuple[Layer, ...]
    profile: Layer
    values: tuple[Layer, ...]
    rules: tuple[str, ...]
    quarantine_line: str
    columns: tuple[str, ...]
    pseudonym: bool
    # None: accepted rows are published as the files that they are staged in.
    table: Table | None

    @property
    def cells(self) -> list[str]:
        """The names of the cells, in the order of the fields."""
        return [cell_name(at) for at in range(len(self.read.fields))]

    def marks_of(self, typed_fields: frozenset[int]) -> list[Layer]:
        """The layers of marks if these fields' columns have a type of their own."""
        return self._typed(self.marks, typed_fields)

    def values_of(self, typed_fields: frozenset[int]) -> list[Layer]:
        """The layers of values if these fields' columns have a type of their own."""
        return self._typed(self.values, typed_fields)

    def _typed(self, layers: tuple[Layer, ...], typed_fields: frozenset[int]) -> list[Layer]:
        instead = {one.name: one for field in typed_fields for one in self.read.fields[field].typed}
        return [tuple(instead.get(one.name, one) for one in layer) for layer in layers]


def parse_plan(text: str, dataset: str) -> Plan:
    """Read a plan's JSON. Raises UnusablePlan if it is none, or was made for another program or dataset."""
    try:
        plan: Mapping[str, Any] = json.loads(text)
        if plan["planVersion"] != 1:
            raise UnusablePlan(
                f"the plan of {dataset} has version {plan['planVersion']}, this program carries out version 1; "
                "deploy the plans and the program together"
            )
        if plan["dataset"] != dataset:
            raise UnusablePlan(f"the plan of {dataset} is one of {plan['dataset']}")
        read = plan["read"]
        return Plan(
            dataset=dataset,
            session=dict(plan["session"]),
            read=ReadPlan(
                dataset=dataset,
                formats=tuple(read["formats"]),
                delimiter=read["delimiter"],
                unknown_columns=read["unknownColumns"],
                fields=tuple(
                    PlannedField(one["from"], one["type"], one["json"], one["needed"], _layer(one["typed"]))
                    for one in read["fields"]
                ),
            ),
            marks=tuple(_layer(one) for one in plan["marks"]),
            profile=_layer(plan["profile"]),
            values=tuple(_layer(one) for one in plan["values"]),
            rules=tuple(plan["rules"]),
            quarantine_line=plan["quarantineLine"],
            columns=tuple(one["name"] for one in plan["columns"]),
            pseudonym=plan["pseudonym"],
            table=_table(plan),
        )
    except ValueError:
        raise UnusablePlan(f"the plan of {dataset} is no JSON") from None
    except (KeyError, TypeError) as cause:
        raise UnusablePlan(f"the plan of {dataset} is incomplete: {cause}") from None


def _layer(columns: list[Mapping[str, str]]) -> Layer:
    return tuple(Column(one["name"], one["sql"]) for one in columns)


def _table(plan: Mapping[str, Any]) -> Table | None:
    target: Mapping[str, Any] = plan["target"]
    if target["format"] != "delta":
        return None
    columns = (TableColumn(one["name"], one["type"]) for one in plan["columns"])
    return Table(columns=tuple(columns), key=tuple(target["key"]))
