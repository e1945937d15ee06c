"""Which of an object's columns are the dataset's fields. Follows packages/record-transform/src/reading/header.ts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transform_spark.plan import PlannedField, ReadPlan
from transform_spark.refusal import Refused, quoted

_BLANKS = re.compile("[ \t\r\n\u00a0\u3000]")


@dataclass(frozen=True)
class MatchedHeader:
    """`positions`: of each field its column, from 0, or None; `unknown_columns`: undeclared names, each once."""

    positions: list[int | None]
    unknown_columns: list[str]


def match_header(plan: ReadPlan, names: Sequence[str]) -> MatchedHeader:
    """Find fields among column names, by exact name and in any order.

    Raises Refused: `duplicate_column` (a declared name twice), `missing_column` (a needed field; any field of which
    only another spelling is there), `unknown_column` (if the dataset rejects those).
    """
    columns: dict[str, int] = {}
    repeated: set[str] = set()
    for at, name in enumerate(names):
        if name in columns:
            repeated.add(name)
        else:
            columns[name] = at
    declared = dict.fromkeys(field.source for field in plan.fields)
    for name in declared:
        if name in repeated:
            raise Refused("duplicate_column", f"the object has the column {quoted(name)} twice")
    unknown = [name for name in columns if name not in declared]
    positions = [columns.get(field.source) for field in plan.fields]
    for field, position in zip(plan.fields, positions, strict=True):
        if position is None:
            _check_missing(field, unknown)
    if unknown and plan.unknown_columns == "reject":
        raise unknown_column(unknown[0], plan)
    return MatchedHeader(positions, unknown)


def unknown_column(name: str, plan: ReadPlan) -> Refused:
    """Refuse an undeclared column."""
    return Refused(
        "unknown_column",
        f"the column {quoted(name)} is not declared by the dataset {plan.dataset}, which rejects such columns",
    )


def _check_missing(field: PlannedField, unknown: Sequence[str]) -> None:
    close = next((name for name in unknown if _loosely(name) == _loosely(field.source)), None)
    if close is not None:
        raise Refused(
            "missing_column",
            f"the object has no column {quoted(field.source)}, but it has {quoted(close)}: "
            "names must match to the letter, blanks included",
        )
    if field.needed:
        raise Refused("missing_column", f"the object has no column {quoted(field.source)}, which is required")


def _loosely(name: str) -> str:
    return _BLANKS.sub("", name).lower()
