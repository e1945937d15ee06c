"""Rows on their way into a Delta table, against the real thing."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import DELTA_JARS
from pyspark.sql import SparkSession

from plans import Run
from transform_spark.arguments import parse_arguments
from transform_spark.figures import LawBroken
from transform_spark.main import transform
from transform_spark.merge import Merged, StagedRows, merge, retract
from transform_spark.plan import STAGED_ROW, Table, TableColumn, parse_plan
from transform_spark.progress import Progress
from transform_spark.table import check_law, merge_staged

needs_delta = pytest.mark.skipif(not DELTA_JARS, reason="Delta's jars were not fetched")

# Names that SQL has for itself.
COLUMNS = (TableColumn("order", "STRING"), TableColumn("select", "BIGINT"), TableColumn("t", "STRING"))
TABLE = Table(columns=COLUMNS, key=("order", "select"))

JUNE = datetime(2026, 6, 15)
JULY = datetime(2026, 7, 15)

# The row of (b, 1) comes twice; (c, 1) is in both objects.
OLDER = [("a", 1, "old"), ("b", 1, "first"), ("c", 1, "old"), ("b", 1, "last")]
NEWER = [("c", 1, "new"), ("d", 1, "new")]


class Tables:
    """A folder of tables, and what merges have left there."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark = spark
        self.folder = folder

    def merge(
        self,
        name: str,
        run: str,
        as_of: datetime,
        rows: Sequence[tuple[Any, ...]],
        revision: int = 1,
        table: Table = TABLE,
    ) -> Merged:
        declared = ", ".join(f"`{one.name}` {one.type}" for one in table.columns)
        numbered = [(*row, number) for number, row in enumerate(rows, start=1)]
        frame = self.spark.createDataFrame(numbered, f"{declared}, {STAGED_ROW} BIGINT")
        return merge(self.spark, self.uri(name), table, StagedRows(frame, run, as_of, revision))

    def uri(self, name: str) -> str:
        return f"file://{self.folder / name}"

    def rows(self, name: str, *more: str) -> list[tuple[Any, ...]]:
        """As somebody reads them who knows nothing of Delta: the files that are on its list."""
        files = (self.folder / name / "_symlink_format_manifest" / "manifest").read_text().split()
        found = [row for file in files for row in pq.read_table(file.removeprefix("file:")).to_pylist()]
        columns = ("order", "t", "sluice_run", "sluice_row", *more)
        return sorted(tuple(row.get(one) for one in columns) for row in found)


@pytest.fixture(scope="module")
def tables(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return Tables(spark, tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def in_order(tables: Tables) -> list[Merged]:
    """What the merges of two objects did, in the order in which they came."""
    return [
        tables.merge("in-order", "older", JUNE, OLDER),
        tables.merge("in-order", "newer", JULY, NEWER),
    ]


@needs_delta
def test_of_a_key_the_latest_run_stays_and_within_an_object_the_last_row(
    in_order: list[Merged], tables: Tables
) -> None:
    assert tables.rows("in-order") == [
        ("a", "old", "older", 1),
        ("b", "last", "older", 4),
        ("c", "new", "newer", 1),
        ("d", "new", "newer", 2),
    ]
    assert [(one.inserted, one.updated, one.deleted) for one in in_order] == [(3, 0, 0), (1, 1, 0)]


@needs_delta
def test_neither_order_nor_number_of_the_runs_matters(in_order: list[Merged], tables: Tables) -> None:
    assert in_order
    for revision, (run, as_of, rows) in enumerate(
        [("newer", JULY, NEWER), ("older", JUNE, OLDER), ("newer", JULY, NEWER)], start=1
    ):
        tables.merge("shuffled", run, as_of, rows, revision)
    assert tables.rows("shuffled") == tables.rows("in-order")


@needs_delta
def test_the_same_staged_rows_are_merged_once(in_order: list[Merged], tables: Tables) -> None:
    assert tables.merge("in-order", "newer", JULY, NEWER) == in_order[-1]
    versions = list((tables.folder / "in-order" / "_delta_log").glob("*.json"))
    assert len(versions) == in_order[-1].version + 1


@needs_delta
def test_a_run_that_comes_again_takes_back_what_it_no_longer_has_and_may_bring_a_column(
    tables: Tables,
) -> None:
    tables.merge("again", "older", JUNE, OLDER)
    wider = Table(columns=(*COLUMNS, TableColumn("since", "TIMESTAMP_NTZ")), key=TABLE.key)
    # An earlier clock than before: it is the same run all the same.
    again = tables.merge("again", "older", datetime(2026, 5, 1), [("a", 1, "mended", JUNE)], 2, wider)
    assert tables.rows("again", "since") == [("a", "mended", "older", 1, JUNE)]
    assert (again.inserted, again.updated, again.deleted) == (0, 1, 2)

    taken = retract(tables.spark, tables.uri("again"), "older")
    assert taken is not None
    assert taken.deleted == 1
    assert tables.rows("again") == []
    assert retract(tables.spark, tables.uri("again"), "older") == Merged(taken.version, 0, 0, 0)
    assert retract(tables.spark, tables.uri("no-table"), "older") is None


PARCELS = b"id,size\na,1\n,2\nb,0\na,3\n"


@needs_delta
def test_staged_rows_know_their_place_and_a_lost_one_keeps_the_table_as_it_is(
    spark: SparkSession, tmp_path: Path
) -> None:
    staged = Run(tmp_path, PARCELS, target={"format": "delta", "key": ["id"]})
    plan = parse_plan((staged.plans / "parcels.json").read_text(), "parcels")
    table = tmp_path / "table"
    arguments = parse_arguments([*staged.arguments, "--step", "merge", "--table", f"file://{table}"])
    transform(spark, plan, arguments, Progress())
    rows = pq.read_table(staged.output / "accepted-rows").to_pylist()
    assert [(row["id"], row["size"], row[STAGED_ROW]) for row in rows] == [("a", 1, 1), ("a", 3, 4)]

    quarantine = staged.output / "quarantine.jsonl"
    line = quarantine.read_text()
    quarantine.unlink()
    with pytest.raises(LawBroken, match="nothing was merged"):
        merge_staged(spark, plan, arguments, Progress())
    assert not table.exists()

    quarantine.write_text(line)
    merge_staged(spark, plan, arguments, Progress())
    assert staged.read("merged.json") == {"version": 1, "inserted": 1, "updated": 0, "deleted": 0}


COUNTS: dict[str, Any] = json.loads(
    '{"rowsIn": 10, "accepted": 4, "filtered": [{"rule": "r", "rows": 3}], "duplicates": 2, "quarantined": 1}'
)


def test_rows_are_merged_if_what_is_staged_is_what_was_counted() -> None:
    check_law(COUNTS, 4, 1)


@pytest.mark.parametrize(("accepted", "quarantined"), [(3, 1), (4, 0), (3, 2)])
def test_rows_are_not_merged_if_some_are_missing_or_too_many(accepted: int, quarantined: int) -> None:
    with pytest.raises(LawBroken, match="10 rows in"):
        check_law(COUNTS, accepted, quarantined)
