"""The quarantine file: a line for every row that nobody may take for data, with all that is wrong with it."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transform_spark.figures import Reason, figures_of
from transform_spark.plan import NUMBER, POSITION, REASONS, Plan, quoted
from transform_spark.staging import StagingFolder

# `monotonically_increasing_id` counts a partition's rows in the lower 33 bits.
_POSITION_BITS = 33
_REASON = "STRUCT<field: STRING, code: STRING>"


def write_quarantine(
    plan: Plan, all_rows: DataFrame, rows: DataFrame, folder: StagingFolder
) -> tuple[int, list[Reason]]:
    """Write the rows that have reasons as one file, by row number; `all_rows` are those that `rows` were among.

    Gives the lines of the file and how many of them have each reason, as the file has them.
    """
    numbered = rows.where(f"{quoted(REASONS)} IS NOT NULL").selectExpr(
        "*", f"{number_sql(all_rows)} AS {quoted(NUMBER)}"
    )
    lines = numbered.selectExpr(quoted(NUMBER), f"{plan.quarantine_line} AS value")
    in_order = lines.repartition(1).sortWithinPartitions(quoted(NUMBER)).select("value")
    in_order.write.text(folder.quarantine_parts)

    written = rows.sparkSession.read.text(folder.quarantine_parts, lineSep="\n").selectExpr(
        f"from_json(value, 'reasons ARRAY<{_REASON}>').reasons AS reasons"
    )
    # Null stands for the line itself: one that cannot be read does not count, and the law finds it missing.
    counted = figures_of(
        written.selectExpr(
            f"explode(concat(array(CAST(NULL AS {_REASON})), array_distinct(reasons))) AS reason"
        )
        .groupBy("reason")
        .agg(F.count("*"))
    )
    folder.gather_quarantine()
    rows_written = sum(int(row[1]) for row in counted if row[0] is None)
    return rows_written, [Reason(row[0].field, row[0].code, int(row[1])) for row in counted if row[0]]


def number_sql(rows: DataFrame) -> str:
    """A row's number in the object, from 1: the rows of the splits before its own, and its place in that."""
    split = F.shiftright(F.col(quoted(POSITION)), _POSITION_BITS)
    by_split = {int(row[0]): int(row[1]) for row in figures_of(rows.groupBy(split).agg(F.count("*")))}
    before: list[str] = []
    total = 0
    for at in range(max(by_split) + 1):
        before.append(f"{total}L")
        total += by_split.get(at, 0)
    position = quoted(POSITION)
    return (
        f"element_at(array({', '.join(before)}), CAST(shiftright({position}, {_POSITION_BITS}) AS INT) + 1)"
        f" + ({position} & {(1 << _POSITION_BITS) - 1}L) + 1"
    )
