"""Merges a run's accepted rows into its dataset's Delta table, by the dataset's key."""

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

# Where a row of the table comes from: the run (and so the object's version, and the manifest), its clock, the row's
# number in the object. Whoever doubts a row finds what it was made of.
RUN = "sluice_run"
AS_OF = "sluice_as_of"
ROW = "sluice_row"

# Other runs commit to the same table; Delta then refuses one of two whose rows may touch.
_ATTEMPTS = 5
_CONFLICTS = ("Concurrent", "ProtocolChanged", "MetadataChanged")

_TRANSACTION = ("spark.databricks.delta.write.txnAppId", "spark.databricks.delta.write.txnVersion")
_SOURCE = "sluice_staged_rows"
_NOTE = "spark.databricks.delta.commitInfo.userMetadata"


@dataclass(frozen=True)
class MergedColumn:
    """A published column, its type in Spark's words."""

    name: str
    type: str


@dataclass(frozen=True)
class StagedRows:
    """What is to be merged: `revision` grows whenever the rows of this run are staged anew."""

    frame: DataFrame
    run_id: str
    as_of: datetime
    revision: int


@dataclass(frozen=True)
class Merged:
    """What the table's commit did: the one of this call, or the earlier one that had these very rows."""

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
    table: str,
    columns: Sequence[MergedColumn],
    key: Sequence[str],
    staged: StagedRows,
    pause: Callable[[float], None] = time.sleep,
) -> Merged:
    """Merge staged rows, which hold `columns` and ROW, into the table at this URI; it is made if there is none.

    The table ends the same in whatever order, and however often, runs are merged: of each key it holds the row of
    the latest run (by its clock, then by its name), and within one run the object's last. Rows that a former merge of
    this run brought, and that are no longer among its rows, go.
    """
    _create(spark, table, columns)
    statement = _statement(table, columns, key, staged)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _commit(spark, statement, staged)
            break
        except Exception as cause:
            if attempt == _ATTEMPTS or not any(
                word in type(cause).__name__ + str(cause)[:400] for word in _CONFLICTS
            ):
                raise
            pause(random.uniform(0, 2**attempt))
    return _found(spark, table, staged)


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


def _statement(table: str, columns: Sequence[MergedColumn], key: Sequence[str], staged: StagedRows) -> str:
    clock = _literal(staged.as_of.strftime("%Y-%m-%d %H:%M:%S.%f"))
    run = _literal(staged.run_id)
    names = [*(one.name for one in columns), RUN, AS_OF, ROW]
    keys = ", ".join(_quoted(name) for name in key)
    last_of_key = f"row_number() OVER (PARTITION BY {keys} ORDER BY {ROW} DESC) AS `row of key`"
    matches = " AND ".join(f"t.{_quoted(name)} = s.{_quoted(name)}" for name in key)
    return f"""
        MERGE INTO {_table(table)} AS t
        USING (
          SELECT *, {run} AS {RUN}, TIMESTAMP_NTZ {clock} AS {AS_OF}
          FROM (SELECT *, {last_of_key} FROM {_SOURCE}) WHERE `row of key` = 1
        ) AS s
        ON {matches}
        WHEN MATCHED AND (s.{AS_OF} > t.{AS_OF} OR (s.{AS_OF} = t.{AS_OF} AND s.{RUN} >= t.{RUN}))
          THEN UPDATE SET {", ".join(f"{_quoted(name)} = s.{_quoted(name)}" for name in names)}
        WHEN NOT MATCHED
          THEN INSERT ({", ".join(map(_quoted, names))}) VALUES ({", ".join(f"s.{_quoted(name)}" for name in names)})
        WHEN NOT MATCHED BY SOURCE AND t.{RUN} = {run}
          THEN DELETE"""


def _create(spark: SparkSession, table: str, columns: Sequence[MergedColumn]) -> None:
    """Make the table, or give it the columns that its dataset has got since."""
    wanted = [
        *columns,
        MergedColumn(RUN, "STRING"),
        MergedColumn(AS_OF, "TIMESTAMP_NTZ"),
        MergedColumn(ROW, "BIGINT"),
    ]
    declared = ", ".join(f"{_quoted(one.name)} {one.type}" for one in wanted)
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {_table(table)} ({declared}) USING delta TBLPROPERTIES ("
        # What reads Parquet but not Delta takes the list of the table's files from there.
        "'delta.compatibility.symlinkFormatManifest.enabled' = 'true', "
        "'delta.enableDeletionVectors' = 'false')"
    )
    known = {field.name for field in spark.table(_table(table)).schema}
    new = [one for one in wanted if one.name not in known]
    if new:
        added = ", ".join(f"{_quoted(one.name)} {one.type}" for one in new)
        spark.sql(f"ALTER TABLE {_table(table)} ADD COLUMNS ({added})")


def _note(staged: StagedRows) -> str:
    return json.dumps({"run": staged.run_id, "revision": staged.revision})


def _found(spark: SparkSession, table: str, staged: StagedRows) -> Merged:
    history = spark.sql(f"DESCRIBE HISTORY {_table(table)}")
    commits = (
        history.where(f"userMetadata = {_literal(_note(staged))}")
        .select("version", "operationMetrics")
        .orderBy("version")
        .limit(1)
        .collect()
    )
    if not commits:
        raise RuntimeError(f"the table {table} does not know of the merge of {staged.run_id}")
    metrics: Mapping[str, Any] = commits[0]["operationMetrics"]
    return Merged(
        version=int(commits[0]["version"]),
        inserted=int(metrics.get("numTargetRowsInserted", 0)),
        updated=int(metrics.get("numTargetRowsUpdated", 0)),
        deleted=int(metrics.get("numTargetRowsDeleted", 0)),
    )


def _table(uri: str) -> str:
    return f"delta.{_quoted(uri)}"


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
