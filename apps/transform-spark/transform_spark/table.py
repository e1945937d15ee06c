"""The steps behind the gate, for a dataset whose rows are kept in a table: what is staged is merged, or taken back."""

import json
import math
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from transform_spark.arguments import Arguments
from transform_spark.figures import LawBroken
from transform_spark.merge import StagedRows, is_table, merge, retract
from transform_spark.objects import located
from transform_spark.plan import STAGED_ROW, Plan, Table, TableColumn, quoted
from transform_spark.progress import Progress
from transform_spark.staging import ACCEPTED, MERGED, QUARANTINE, REPORT, StagingFolder, read_text

# Rows of columnar files of this size fit a task's memory, whatever they unpack to.
_TASK_BYTES = 16 * 1024 * 1024


def merge_staged(spark: SparkSession, plan: Plan, arguments: Arguments, progress: Progress) -> None:
    """Merge the run's staged rows into its dataset's table, if every row of the object is accounted for.

    Leaves `merged.json` beside them. Raises LawBroken before the table is touched.
    """
    table = _table_of(plan)
    folder = StagingFolder(spark, arguments.output)
    report = located(spark, folder.uri(REPORT))
    with progress.of(spark, "check staged rows"):
        counts: Any = json.loads(read_text(spark, folder.uri(REPORT)))["counts"]
        rows = _staged_rows(spark, folder, table)
        check_law(counts, rows.count(), _lines(spark, folder.uri(QUARANTINE)))
    staged = StagedRows(
        frame=rows,
        run_id=arguments.run_id,
        as_of=arguments.as_of,
        # Rows that are staged anew have a new report.
        revision=int(report[0].getFileStatus(report[1]).getModificationTime()),
    )
    with progress.of(spark, "merge"):
        size = _bytes(spark, folder.uri(ACCEPTED)) + _table_bytes(spark, arguments.table)
        spark.conf.set("spark.sql.shuffle.partitions", str(max(2, math.ceil(size / _TASK_BYTES))))
        merged = merge(spark, arguments.table, table, staged)
    folder.write_json(MERGED, merged.document())


def retract_merged(spark: SparkSession, plan: Plan, arguments: Arguments, progress: Progress) -> None:
    """Take back what earlier runs of the same object have merged."""
    _table_of(plan)
    with progress.of(spark, "retract"):
        retract(spark, arguments.table, arguments.run_id)


def check_law(counts: Any, accepted: int, quarantined: int) -> None:
    """Raise LawBroken unless what is staged is what was counted, and that every row of the object."""
    filtered = sum(int(one["rows"]) for one in counts["filtered"])
    fates = accepted + filtered + int(counts["duplicates"]) + quarantined
    told = (int(counts["accepted"]), int(counts["quarantined"]))
    if fates == counts["rowsIn"] and told == (accepted, quarantined):
        return
    raise LawBroken(
        f"{counts['rowsIn']} rows in, but what is staged has {accepted} accepted + {filtered} filtered + "
        f"{counts['duplicates']} duplicates + {quarantined} quarantined = {fates} (counted were {told[0]} accepted, "
        f"{told[1]} quarantined); nothing was merged"
    )


def _table_of(plan: Plan) -> Table:
    if plan.table is None:
        raise ValueError(f"the dataset {plan.dataset} has no table")
    return plan.table


def _staged_rows(spark: SparkSession, folder: StagingFolder, table: Table) -> DataFrame:
    columns = (*table.columns, TableColumn(STAGED_ROW, "BIGINT"))
    if _bytes(spark, folder.uri(ACCEPTED)) > 0:
        return spark.read.parquet(folder.uri(ACCEPTED)).selectExpr(*(quoted(one.name) for one in columns))
    nothing = ", ".join(f"CAST(NULL AS {one.type}) AS {quoted(one.name)}" for one in columns)
    return spark.sql(f"SELECT {nothing} WHERE false")


def _lines(spark: SparkSession, uri: str) -> int:
    files, path = located(spark, uri)
    return spark.read.text(uri, lineSep="\n").count() if files.exists(path) else 0


def _bytes(spark: SparkSession, uri: str) -> int:
    files, path = located(spark, uri)
    return int(files.getContentSummary(path).getLength()) if files.exists(path) else 0


def _table_bytes(spark: SparkSession, uri: str) -> int:
    if not is_table(spark, uri):
        return 0
    return int(spark.sql(f"DESCRIBE DETAIL delta.{quoted(uri)}").collect()[0]["sizeInBytes"])
