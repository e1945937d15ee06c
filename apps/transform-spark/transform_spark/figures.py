"""Figures and counts: what a run says of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame, Row


class LawBroken(Exception):
    """Rows have gone missing, or have come from nowhere; nothing may be published."""


@dataclass(frozen=True)
class Reason:
    """How many rows have the reason; `field` is None for a malformed row."""

    field: str | None
    code: str
    rows: int


@dataclass(frozen=True)
class Counts:
    """What became of an object's rows: `RowCounts` of packages/record-transform."""

    rows_in: int
    accepted: int
    # Rows by rule, in the rules' order; rules that filtered nothing are left out.
    filtered: dict[str, int]
    duplicates: int
    quarantined: int
    reasons: list[Reason] = field(default_factory=list[Reason])

    def check(self) -> None:
        """Raise LawBroken unless every row has one fate."""
        fates = self.accepted + sum(self.filtered.values()) + self.duplicates + self.quarantined
        if fates != self.rows_in:
            raise LawBroken(
                f"{self.rows_in} rows in, but {self.accepted} accepted + {sum(self.filtered.values())} filtered + "
                f"{self.duplicates} duplicates + {self.quarantined} quarantined = {fates}"
            )

    def document(self) -> dict[str, Any]:
        """Give the counts as `transform.json` has them."""
        # As DuckDB orders them: by rows, then by field (none comes last) and code.
        reasons = sorted(
            self.reasons, key=lambda one: (-one.rows, one.field is None, one.field or "", one.code)
        )
        return {
            "rowsIn": self.rows_in,
            "accepted": self.accepted,
            "filtered": [{"rule": rule, "rows": rows} for rule, rows in self.filtered.items()],
            "duplicates": self.duplicates,
            "quarantined": self.quarantined,
            "reasons": [{"field": one.field, "code": one.code, "rows": one.rows} for one in reasons],
        }


@dataclass(frozen=True)
class Profile:
    """What scoring needs: plain counts over all rows, duplicates included; cells of readable rows only."""

    rows_in: int
    malformed: int
    # By the names that the plan's `profile` gives them: `nulls 0`, `invalid 0`, `numeric 0`, …
    cells: Mapping[str, int]

    def document(self, duplicates: int, fields: int) -> dict[str, Any]:
        """Give the figures as `figures.json` has them."""
        return {
            "rowsIn": self.rows_in,
            "malformed": self.malformed,
            "duplicates": duplicates,
            "fields": [
                {
                    "nulls": self.cells[f"nulls {at}"],
                    "invalid": self.cells[f"invalid {at}"],
                    "numericLooking": self.cells[f"numeric {at}"],
                }
                for at in range(fields)
            ],
        }


def figures_of(counted: DataFrame) -> list[Row]:
    """Bring counts to the driver: as many rows as there are groups. Nothing else ever comes there."""
    return counted.collect()
