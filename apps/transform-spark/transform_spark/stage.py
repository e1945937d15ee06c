"""Takes every row of an object to its fate. The rows are read once; all else comes from what is kept of them."""

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from transform_spark.duplicates import HASH, Duplicates
from transform_spark.figures import Counts, Profile, figures_of
from transform_spark.plan import AS_OF, POSITION, PROBLEM, RAW, REASONS, RULE, STAGED_ROW, Layer, Plan, quoted
from transform_spark.progress import Progress
from transform_spark.quarantine import number_sql, write_quarantine
from transform_spark.read_rows import OPEN_QUOTE, ReadRows
from transform_spark.staging import ACCEPTED, FIGURES, REPORT, StagingFolder

_MB = 1024 * 1024
# What a task sorts or hashes lies in its memory.
_TASK_BYTES = 64 * _MB
# Good to query. The two that a small result is worth are written at once.
_FILE_BYTES = 256 * _MB
_WORTH_TWO_BYTES = 64 * _MB
# zstd in columns takes a quarter of what CSV takes, by the orders of the benchmarks; gzip takes a fifth.
_PARQUET_SHARE = 1 / 4
_GZIP_SHARE = 1 / 5
# Rows that one task has read are spread in pieces of neighbours.
_SPREAD_ROWS = 65536


def object_bytes(size: int, key: str) -> float:
    """How large an object is when it is not gzipped; a guess if it is."""
    return size / _GZIP_SHARE if key.lower().endswith(".gz") else size


def stage_rows(
    spark: SparkSession,
    plan: Plan,
    read: Callable[[bool], ReadRows],
    *,
    as_of: datetime,
    size: float,
    folder: StagingFolder,
    progress: Progress,
) -> None:
    """Read the object, stage its rows, and report.

    `read` takes whether quoted fields hold line breaks; `size`: of the object in bytes, as it is without gzip.
    Raises Refused, and LawBroken.
    """
    with ExitStack() as held:
        _stage(spark, plan, read, as_of=as_of, size=size, folder=folder, progress=progress, held=held)


def _stage(
    spark: SparkSession,
    plan: Plan,
    read: Callable[[bool], ReadRows],
    *,
    as_of: datetime,
    size: float,
    folder: StagingFolder,
    progress: Progress,
    held: ExitStack,
) -> None:
    spark.conf.set("spark.sql.shuffle.partitions", str(max(1, math.ceil(size / _TASK_BYTES))))
    kept = _keep(spark, plan, read, as_of=as_of, size=size, progress=progress, held=held)
    with progress.of(spark, "find duplicates"):
        duplicates = Duplicates(kept.rows, plan.cells, held)
    profile = Profile(kept.rows_in, kept.malformed, kept.cells)
    folder.write_json(FIGURES, profile.document(duplicates.count, len(plan.cells)))

    rows = duplicates.removed()
    # Rows that are equal have the same fate.
    sound = {rule: rows_of - duplicates.sound.get(rule, 0) for rule, rows_of in kept.sound.items()}
    with progress.of(spark, "write accepted rows"):
        expected = sound.get(None, 0)
        bytes_in = size * expected / max(kept.rows_in, 1)
        passing = rows.where(f"{quoted(REASONS)} IS NULL AND {quoted(RULE)} IS NULL")
        values = with_layers(passing, plan.values_of(kept.typed_fields)[:-1])
        accepted = _write_accepted(plan, kept.rows, values, expected, bytes_in, folder)
    with progress.of(spark, "write quarantined rows"):
        quarantined, reasons = write_quarantine(plan, kept.rows, rows, folder) if kept.has_faults else (0, [])

    counts = Counts(
        rows_in=kept.rows_in,
        accepted=accepted,
        filtered={rule: sound[rule] for rule in plan.rules if sound.get(rule, 0) > 0},
        duplicates=duplicates.count,
        quarantined=quarantined,
        reasons=reasons,
    )
    counts.check()
    folder.write_json(
        REPORT, {"engine": "spark", "counts": counts.document(), "unknownColumns": kept.unknown_columns}
    )


@dataclass(frozen=True)
class _KeptRows:
    """All rows of the object, judged, on the executors' disks, and what was counted on their way there."""

    rows: DataFrame
    rows_in: int
    malformed: int
    has_faults: bool
    # Rows without faults, by the first rule that they do not pass.
    sound: dict[str | None, int]
    cells: dict[str, int]
    unknown_columns: list[str]
    typed_fields: frozenset[int]


def _keep(
    spark: SparkSession,
    plan: Plan,
    read: Callable[[bool], ReadRows],
    *,
    as_of: datetime,
    size: float,
    progress: Progress,
    held: ExitStack,
) -> _KeptRows:
    """Read the object; once more, and in order, if lines are no rows."""
    for again in (False, True):
        with progress.of(spark, "read again, since quoted fields hold line breaks" if again else "read"):
            source = read(again)
            judged = judge(plan, spread(source.frame, size), as_of, source.typed_fields)
            # Disk, not memory: the rows are gone through four times in a row, which a disk's cache knows to bear. As a
            # table of columns without compression: what Spark spends on it is more than the judging of the row.
            judged.persist(StorageLevel.DISK_ONLY)
            held.callback(judged.unpersist)
            groups = figures_of(
                judged.groupBy(quoted(PROBLEM), quoted(RULE)).agg(
                    F.count("*").alias("rows"),
                    F.count(quoted(REASONS)).alias("faults"),
                    *(F.expr(one.sql).alias(one.name) for one in plan.profile),
                )
            )
        if all(row[0] != OPEN_QUOTE for row in groups):
            break
        judged.unpersist()
    else:
        raise AssertionError("a reader that puts lines together finds no open quotes")
    readable = [row for row in groups if row[0] is None]
    rows_in = sum(int(row["rows"]) for row in groups)
    return _KeptRows(
        rows=judged,
        rows_in=rows_in,
        malformed=rows_in - sum(int(row["rows"]) for row in readable),
        has_faults=any(int(row["faults"]) > 0 for row in groups),
        sound={row[1]: int(row["rows"]) - int(row["faults"]) for row in readable},
        cells={one.name: sum(int(row[one.name]) for row in readable) for one in plan.profile},
        unknown_columns=source.unknown_columns,
        typed_fields=source.typed_fields,
    )


def judge(plan: Plan, rows: DataFrame, as_of: datetime, typed_fields: frozenset[int]) -> DataFrame:
    """Say of every row what there is to say of it alone.

    `rows` has the reader's columns. There are then the hash of the cells (none if the row is malformed), the reasons,
    the rule that filters a row without reasons, and the flags that the plan's profile counts, too.
    """
    clock = as_of.strftime("%Y-%m-%d %H:%M:%S.%f")
    marked = with_layers(
        rows.selectExpr("*", f"TIMESTAMP_NTZ '{clock}' AS {quoted(AS_OF)}"),
        [*plan.marks_of(typed_fields), *plan.values_of(typed_fields)],
    )
    problem, reasons, rule = quoted(PROBLEM), quoted(REASONS), quoted(RULE)
    malformed = f"array(named_struct('field', CAST(NULL AS STRING), 'code', {problem}))"
    cells = [quoted(one) for one in plan.cells]
    return marked.selectExpr(
        *(quoted(one) for one in (POSITION, PROBLEM, RAW, AS_OF)),
        *cells,
        f"CASE WHEN {problem} IS NULL THEN xxhash64({', '.join(cells)}) END AS {quoted(HASH)}",
        f"CASE WHEN {problem} IS NULL THEN {reasons} ELSE {malformed} END AS {reasons}",
        f"CASE WHEN {problem} IS NULL AND {reasons} IS NULL THEN {rule} END AS {rule}",
        *(quoted(one.name) for one in plan.marks[-1] if one.name != REASONS),
    )


def with_layers(frame: DataFrame, layers: Sequence[Layer]) -> DataFrame:
    """Add the columns of each layer; a later one may name those of earlier ones."""
    for layer in layers:
        frame = frame.selectExpr("*", *(f"{one.sql} AS {quoted(one.name)}" for one in layer))
    return frame


def spread(frame: DataFrame, size: float) -> DataFrame:
    """Rows that one task has to read need not be judged by it, too. Their positions stay."""
    parts = math.ceil(size / _TASK_BYTES)
    dataset: Any = frame._jdf  # pyright: ignore[reportPrivateUsage]
    if parts < 2 or dataset.queryExecution().toRdd().getNumPartitions() > 1:
        return frame
    return frame.repartition(parts, F.expr(f"{quoted(POSITION)} div {_SPREAD_ROWS}"))


def _write_accepted(
    plan: Plan,
    all_rows: DataFrame,
    values: DataFrame,
    expected: int,
    bytes_in: float,
    folder: StagingFolder,
) -> int:
    """Write the published columns of rows that pass every rule; give their number, from the files' footers."""
    if expected == 0:
        return 0
    bytes_out = bytes_in * _PARQUET_SHARE
    files = max(2 if bytes_out > _WORTH_TWO_BYTES else 1, math.ceil(bytes_out / _FILE_BYTES))
    accepted = values.where(f"{quoted(RULE)} IS NULL")
    # Parquet's columns may be null, whatever Spark proves of them, now or when it optimises: an object's files have one
    # schema in every engine.
    columns = [
        f"CASE WHEN {quoted(POSITION)} >= 0 THEN {quoted(name)} END AS {quoted(name)}"
        for name in plan.columns
    ]
    if plan.table:
        columns.append(f"{number_sql(all_rows)} AS {quoted(STAGED_ROW)}")
    accepted.selectExpr(*columns).coalesce(files).write.parquet(folder.uri(ACCEPTED))
    return accepted.sparkSession.read.parquet(folder.uri(ACCEPTED)).count()
