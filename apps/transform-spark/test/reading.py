"""Reads bytes as an object, for the tests of each format."""

from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import SparkSession

from transform_spark.objects import place_object
from transform_spark.plan import PlannedField, ReadPlan, cell_name
from transform_spark.read_object import read_object
from transform_spark.read_rows import ReadRows
from transform_spark.refusal import Refused

# A row's problem and text, or its cells.
Row = tuple[str | None, ...]


def plan_of(*fields: str, needed: Sequence[str] = (), json: Sequence[str] = (), **settings: str) -> ReadPlan:
    """Make a plan of text fields; `name:type` makes another type."""
    named = [(field.partition(":")[0], field.partition(":")[2] or "text") for field in fields]
    return ReadPlan(
        dataset="visits",
        formats=("csv", "json", "parquet"),
        delimiter=settings.get("delimiter", ","),
        unknown_columns=settings.get("unknown_columns", "ignore"),
        fields=tuple(PlannedField(name, kind, name in json, name in needed, ()) for name, kind in named),
    )


class Reader:
    """Stores objects in a folder and reads them, once more where that is called for."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.folder = folder
        self.reads = 0

    def open(self, data: bytes, plan: ReadPlan, key: str, *, in_order: bool = False) -> ReadRows:
        """Store the bytes under the key's last name and open them."""
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        copies = self.folder / "copies"
        uri = place_object(self.spark, str(path), key, str(copies))
        return read_object(self.spark, plan, uri, key, line_breaks_in_quotes=in_order)

    def rows(self, data: bytes, plan: ReadPlan, key: str = "in.csv") -> tuple[list[Row], list[str]]:
        """Return the rows in their order, and the unknown columns."""
        for in_order in (False, True):
            self.reads += 1
            read = self.open(data, plan, key, in_order=in_order)
            names = [
                "row position",
                "row problem",
                "row raw",
                *(cell_name(at) for at in range(len(plan.fields))),
            ]
            assert read.frame.columns == names
            found = sorted(read.frame.collect(), key=lambda row: row[0])
            if all(row[1] != "open_quote" for row in found):
                return [tuple(row[1:3]) if row[1] else tuple(row[3:]) for row in found], read.unknown_columns
        raise AssertionError("rows that were put together have no open quotes")

    def refusal(self, data: bytes, plan: ReadPlan, key: str = "in.csv") -> str:
        """Return why the object is refused."""
        try:
            rows, _ = self.rows(data, plan, key)
        except Exception as error:
            refused = Refused.found_in(error)
            if refused is None:
                raise
            return f"{refused.code}: {refused.message}"
        return f"taken: {len(rows)} rows"
