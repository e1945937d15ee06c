"""Takes every row of an object to its fate. The rows are read once; everything else comes from what is kept of them."""

from collections.abc import Callable, Sequence
from datetime import datetime

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from transform_spark.duplicates import HASH, Duplicates
from transform_spark.figures import Counts, Profile, Reason
from transform_spark.plan import AS_OF, NUMBER, POSITION, PROBLEM, RAW, REASONS, RULE, Layer, Plan
from transform_spark.progress import Progress
from transform_spark.read_rows import OPEN_QUOTE, ReadRows
from transform_spark.staging import ACCEPTED, FIGURES, REPORT, StagingFolder

# `monotonically_increasing_id` counts a partition's rows in the lower 33 bits.
_PLACE_BITS = 33

# zstd leaves about a third of a CSV's bytes; files of this many are good to query.
_FILE_BYTES = 256 * 1024 * 1024
_PARQUET_SHARE = 1 / 3

_REASONS_TYPE = "ARRAY<STRUCT<field: STRING, code: STRING>>"


def quoted(name: str) -> str:
    """A name as an SQL identifier, whatever is in it."""
    return f"`{name.replace('`', '``')}`"


def with_layers(frame: DataFrame, layers: Sequence[Layer]) -> DataFrame:
    """Add the columns of each layer; a later one may name those of earlier ones."""
    for layer in layers:
        frame = frame.selectExpr("*", *(f"{one.sql} AS {quoted(one.name)}" for one in layer))
    return frame


def judge(plan: Plan, rows: DataFrame, as_of: datetime) -> DataFrame:
    """Say of every row what there is to say of it alone.

    `rows` has the reader's columns. There are then the hash of the cells (none if the row is malformed), the reasons,
    and the flags that the plan's profile counts, too.
    """
    clock = as_of.strftime("%Y-%m-%d %H:%M:%S.%f")
    marked = with_layers(
        rows.selectExpr("*", f"TIMESTAMP_NTZ '{clock}' AS {quoted(AS_OF)}"),
        plan.marks,
    )
    malformed = f"array(named_struct('field', CAST(NULL AS STRING), 'code', {quoted(PROBLEM)}))"
    flags = [quoted(one.name) for one in plan.marks[-1] if one.name != REASONS]
    cells = [quoted(one) for one in plan.cells]
    return marked.selectExpr(
        quoted(POSITION),
        quoted(PROBLEM),
        quoted(RAW),
        quoted(AS_OF),
        *cells,
        f"CASE WHEN {quoted(PROBLEM)} IS NULL THEN xxhash64({', '.join(cells)}) END AS {quoted(HASH)}",
        f"CASE WHEN {quoted(PROBLEM)} IS NULL THEN {quoted(REASONS)} ELSE {malformed} END AS {quoted(REASONS)}",
        *flags,
    )


class Stager:
    """The rows of one object, judged and kept, on their way to the staging folder."""

    def __init__(self, spark: SparkSession, plan: Plan, progress: Progress) -> None:
        self._spark = spark
        self._plan = plan
        self._progress = progress

    def stage(
        self,
        read: Callable[[bool], ReadRows],
        as_of: datetime,
        object_bytes: int,
        folder: StagingFolder,
    ) -> Counts:
        """Read the object, stage its rows, and report.

        `read` takes whether quoted fields hold line breaks.
        Raises Refused, and LawBroken.
        """
        judged, unknown_columns, by_problem = self._read(read, as_of)
        rows_in = sum(by_problem.values())
        malformed = rows_in - by_problem.get(None, 0)
        with self._progress.of(self._spark, "find duplicates"):
            duplicates = Duplicates(judged, self._plan.cells)
        rows = duplicates.removed()
        with self._progress.of(self._spark, "count what the rows are"):
            profile = Profile(rows_in, malformed, self._profile(judged))
        folder.write_json(FIGURES, profile.document(duplicates.count, len(self._plan.cells)))

        with self._progress.of(self._spark, "apply rules"):
            fates = self._rule(rows)
        accepted = fates.pop(None, 0)
        with self._progress.of(self._spark, "write accepted rows"):
            accepted = self._write_accepted(rows, accepted, object_bytes * accepted / max(rows_in, 1), folder)
        with self._progress.of(self._spark, "write quarantined rows"):
            quarantined, reasons = self._write_quarantine(judged, rows, folder)

        counts = Counts(
            rows_in=rows_in,
            accepted=accepted,
            filtered={rule: fates[rule] for rule in self._plan.rules if rule in fates},
            duplicates=duplicates.count,
            quarantined=quarantined,
            reasons=reasons,
        )
        counts.check()
        folder.write_json(
            REPORT, {"engine": "spark", "counts": counts.document(), "unknownColumns": unknown_columns}
        )
        return counts

    def _read(
        self, read: Callable[[bool], ReadRows], as_of: datetime
    ) -> tuple[DataFrame, list[str], dict[str | None, int]]:
        for line_breaks_in_quotes in (False, True):
            again = " again: quoted fields hold line breaks" if line_breaks_in_quotes else ""
            with self._progress.of(self._spark, f"read{again}"):
                rows = read(line_breaks_in_quotes)
                judged = judge(self._plan, rows.frame, as_of).persist(StorageLevel.DISK_ONLY)
                by_problem = {
                    row[0]: int(row[1])
                    for row in figures_of(judged.groupBy(quoted(PROBLEM)).agg(F.count("*")))
                }
            if OPEN_QUOTE not in by_problem:
                return judged, rows.unknown_columns, by_problem
            judged.unpersist()
        raise AssertionError("a reader that puts lines together finds no open quotes")

    def _profile(self, judged: DataFrame) -> dict[str, int]:
        readable = judged.where(f"{quoted(PROBLEM)} IS NULL")
        aggregates = [F.expr(one.sql).alias(one.name) for one in self._plan.profile]
        (row,) = figures_of(readable.agg(*aggregates))
        return {name: int(value or 0) for name, value in row.asDict().items()}

    def _values(self, rows: DataFrame) -> DataFrame:
        return with_layers(rows.where(f"{quoted(REASONS)} IS NULL"), self._plan.values)

    def _rule(self, rows: DataFrame) -> dict[str | None, int]:
        counted = self._values(rows).groupBy(quoted(RULE)).agg(F.count("*"))
        return {row[0]: int(row[1]) for row in figures_of(counted)}

    def _write_accepted(self, rows: DataFrame, expected: int, bytes_in: float, folder: StagingFolder) -> int:
        if expected == 0:
            return 0
        accepted = self._values(rows).where(f"{quoted(RULE)} IS NULL")
        files = max(1, round(bytes_in * _PARQUET_SHARE / _FILE_BYTES))
        accepted.select(*(quoted(name) for name in self._plan.columns)).coalesce(files).write.parquet(
            folder.uri(ACCEPTED)
        )
        # From the footers of what was written.
        return self._spark.read.parquet(folder.uri(ACCEPTED)).count()

    def _write_quarantine(
        self, judged: DataFrame, rows: DataFrame, folder: StagingFolder
    ) -> tuple[int, list[Reason]]:
        quarantined = rows.where(f"{quoted(REASONS)} IS NOT NULL")
        if quarantined.isEmpty():
            return 0, []
        numbered = quarantined.selectExpr("*", f"{self._number_sql(judged)} AS {quoted(NUMBER)}")
        lines = numbered.selectExpr(quoted(NUMBER), f"{self._plan.quarantine_line} AS value")
        lines.repartition(1).sortWithinPartitions(quoted(NUMBER)).select("value").write.text(
            folder.quarantine_parts
        )
        written = self._spark.read.text(folder.quarantine_parts, lineSep="\n").selectExpr(
            f"from_json(value, 'reasons {_REASONS_TYPE}').reasons AS reasons"
        )
        # A row without a reason would not count: so much for trusting the lines.
        reasons = written.selectExpr("explode(array_distinct(reasons)) AS reason").groupBy("reason").count()
        counted = [Reason(row[0].field, row[0].code, row[1]) for row in figures_of(reasons)]
        rows_written = written.count()
        folder.gather_quarantine()
        return rows_written, counted

    def _number_sql(self, judged: DataFrame) -> str:
        """A row's number in the object, from 1: the rows of earlier splits, and its place in its own."""
        split = F.shiftright(F.col(quoted(POSITION)), _PLACE_BITS)
        by_split = {row[0]: int(row[1]) for row in figures_of(judged.groupBy(split).agg(F.count("*")))}
        before: list[str] = []
        total = 0
        for at in range(max(by_split) + 1):
            before.append(f"{total}L")
            total += by_split.get(at, 0)
        place = quoted(POSITION)
        return (
            f"element_at(array({', '.join(before)}), CAST(shiftright({place}, {_PLACE_BITS}) AS INT) + 1)"
            f" + ({place} & {(1 << _PLACE_BITS) - 1}L) + 1"
        )


def figures_of(counted: DataFrame) -> list[Row]:
    """The one way in which anything comes to the driver: counts, of which there are as many as groups, not as rows."""
    return counted.collect()
