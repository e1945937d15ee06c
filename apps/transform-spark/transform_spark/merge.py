"""Merges a run's accepted rows into its dataset's Delta table, by the dataset's key."""

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from transform_spark.objects import located
from transform_spark.plan import STAGED_ROW, Table, TableColumn, quoted

# Where a row of the table comes from: the run (and so the object's version, and the manifest), its clock, the row's
# number in the object. Whoever doubts a row finds what it was made of.
RUN = "sluice_run"
AS_OF = "sluice_as_of"

# Other runs commit to the same table; Delta then refuses one of two whose rows may touch.
_ATTEMPTS = 5
_CONFLICTS = ("Concurrent", "ProtocolChanged", "MetadataChanged")

_TRANSACTION = ("spark.databricks.delta.write.txnAppId", "spark.databricks.delta.write.txnVersion")
_SOURCE = "sluice_staged_rows"
_NOTE = "spark.databricks.delta.commitInfo.userMetadata"


@dataclass(frozen=True)
class StagedRows:
    """What is to be merged: `revision` grows whenever the rows of this run are staged anew."""

    frame: DataFrame
    run_id: str
    as_of: datetime
    revision: int


@dataclass(frozen=True)
class Merged:
    """What the table's commit did: the one of this call, or the earlier one that had these very rows.

    Zeros if there was nothing to commit; the version is then the table's.
    """

    version: int
    inserted: int
    updated: int
    deleted: int

    def document(self) -> dict[str, int]:
        """Give its JSON."""
        return {
            "version": self.version,
            "inserted": self.inserted,
            "updated": self.updated,
            "deleted": self.deleted,
        }


def merge(
    spark: SparkSession,
    uri: str,
    table: Table,
    staged: StagedRows,
    pause: Callable[[float], None] = time.sleep,
) -> Merged:
    """Merge staged rows, which hold the table's columns and STAGED_ROW, into the table; it is made if there is none.

    The table ends the same in whatever order, and however often, runs are merged: of each key it holds the row of
    the latest run (by its clock, then by its name), and within one run the object's last. Rows that a former merge of
    this run brought, and that are no longer among its rows, go.
    """
    _create(spark, uri, table)
    statement = _statement(uri, table, staged)
    _retried(lambda: _commit(spark, statement, staged), pause)
    return _found(spark, uri, _note(staged))


def retract(
    spark: SparkSession, uri: str, run_id: str, pause: Callable[[float], None] = time.sleep
) -> Merged | None:
    """Take back what merges of this run brought; None if there is no table. A second time there is nothing to take."""
    if not is_table(spark, uri):
        return None
    before = _last_version(spark, uri)
    _retried(
        lambda: spark.sql(f"DELETE FROM {_table(uri)} WHERE {RUN} = {_literal(run_id)}").collect(), pause
    )
    if _last_version(spark, uri) == before:
        return Merged(before, 0, 0, 0)
    newest = spark.sql(f"DESCRIBE HISTORY {_table(uri)} LIMIT 1").collect()[0]
    return Merged(int(newest["version"]), 0, 0, int(newest["operationMetrics"].get("numDeletedRows", 0)))


def is_table(spark: SparkSession, uri: str) -> bool:
    """Tell whether a table lies there."""
    files, log = located(spark, f"{uri}/_delta_log")
    return bool(files.exists(log))


def _retried(work: Callable[[], object], pause: Callable[[float], None]) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            work()
            return
        except Exception as cause:
            if attempt == _ATTEMPTS or not _is_conflict(cause):
                raise
            pause(random.uniform(0, 2**attempt))


def _is_conflict(cause: Exception) -> bool:
    return any(word in type(cause).__name__ + str(cause)[:400] for word in _CONFLICTS)


def _commit(spark: SparkSession, statement: str, staged: StagedRows) -> None:
    staged.frame.createOrReplaceTempView(_SOURCE)
    application, version = _TRANSACTION
    settings = {application: staged.run_id, version: str(staged.revision), _NOTE: _note(staged)}
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        # Delta passes over a commit whose application and version the table has.
        spark.sql(statement)
    finally:
        for name in settings:
            spark.conf.unset(name)
        spark.catalog.dropTempView(_SOURCE)


def _statement(uri: str, table: Table, staged: StagedRows) -> str:
    clock = _literal(staged.as_of.strftime("%Y-%m-%d %H:%M:%S.%f"))
    run = _literal(staged.run_id)
    names = [quoted(name) for name in (*(one.name for one in table.columns), RUN, AS_OF, STAGED_ROW)]
    keys = [quoted(name) for name in table.key]
    last_of_key = f"row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY {STAGED_ROW} DESC)"
    return f"""
        MERGE INTO {_table(uri)} AS t
        USING (
          SELECT *, {run} AS {RUN}, TIMESTAMP_NTZ {clock} AS {AS_OF}
          FROM (SELECT *, {last_of_key} AS `row of key` FROM {_SOURCE}) WHERE `row of key` = 1
        ) AS s
        ON {" AND ".join(f"t.{name} = s.{name}" for name in keys)}
        WHEN MATCHED AND (s.{RUN} = t.{RUN} OR s.{AS_OF} > t.{AS_OF} OR (s.{AS_OF} = t.{AS_OF} AND s.{RUN} > t.{RUN}))
          THEN UPDATE SET {", ".join(f"{name} = s.{name}" for name in names)}
        WHEN NOT MATCHED
          THEN INSERT ({", ".join(names)}) VALUES ({", ".join(f"s.{name}" for name in names)})
        WHEN NOT MATCHED BY SOURCE AND t.{RUN} = {run}
          THEN DELETE"""


def _create(spark: SparkSession, uri: str, table: Table) -> None:
    """Make the table, or give it the columns that its dataset has got since."""
    wanted = [
        *table.columns,
        TableColumn(RUN, "STRING"),
        TableColumn(AS_OF, "TIMESTAMP_NTZ"),
        TableColumn(STAGED_ROW, "BIGINT"),
    ]
    if not is_table(spark, uri):
        spark.sql(
            f"CREATE TABLE IF NOT EXISTS {_table(uri)} ({_declared(wanted)}) USING delta TBLPROPERTIES ("
            # What reads Parquet but not Delta takes the list of the table's files from there.
            "'delta.compatibility.symlinkFormatManifest.enabled' = 'true', "
            "'delta.enableDeletionVectors' = 'false')"
        )
    known = {field.name for field in spark.table(_table(uri)).schema}
    new = [one for one in wanted if one.name not in known]
    if new:
        spark.sql(f"ALTER TABLE {_table(uri)} ADD COLUMNS ({_declared(new)})")


def _declared(columns: Sequence[TableColumn]) -> str:
    return ", ".join(f"{quoted(one.name)} {one.type}" for one in columns)


def _note(staged: StagedRows) -> str:
    return json.dumps({"run": staged.run_id, "revision": staged.revision})


def _found(spark: SparkSession, uri: str, note: str) -> Merged:
    # Mostly it is the last commit; of a merge that is repeated, one of the last.
    for depth in ("LIMIT 10", ""):
        history = spark.sql(f"DESCRIBE HISTORY {_table(uri)} {depth}")
        commits = (
            history.where(f"userMetadata = {_literal(note)}")
            .select("version", "operationMetrics")
            .orderBy("version")
            .limit(1)
            .collect()
        )
        if commits:
            metrics: Mapping[str, Any] = commits[0]["operationMetrics"]
            return Merged(
                version=int(commits[0]["version"]),
                inserted=int(metrics.get("numTargetRowsInserted", 0)),
                updated=int(metrics.get("numTargetRowsUpdated", 0)),
                deleted=int(metrics.get("numTargetRowsDeleted", 0)),
            )
    return Merged(_last_version(spark, uri), 0, 0, 0)


def _last_version(spark: SparkSession, uri: str) -> int:
    return int(spark.sql(f"DESCRIBE HISTORY {_table(uri)} LIMIT 1").collect()[0]["version"])


def _table(uri: str) -> str:
    return f"delta.{quoted(uri)}"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
