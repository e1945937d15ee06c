"""Duplicates: rows all of whose cells equal an earlier row's. Exact, over the whole object; the first stays."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transform_spark.plan import POSITION, PROBLEM

HASH = "row hash"
_KEPT = "kept positions"
_COPIES = "row copies"


class Duplicates:
    """What of `rows` is said twice. Few rows are, as a rule: all but their hashes stays where it is.

    Equal hashes are only candidates: those rows are compared by their cells. Copies come together before they are
    shuffled, so that one row a million times over is no task's burden.
    """

    def __init__(self, rows: DataFrame, cells: list[str]) -> None:
        readable = rows.where(F.col(f"`{PROBLEM}`").isNull())
        shared = (
            readable.groupBy(HASH).agg(F.count("*").alias(_COPIES)).where(F.col(_COPIES) > 1).select(HASH)
        )
        firsts = (
            readable.join(shared, HASH, "left_semi")
            .groupBy(HASH, *cells)
            .agg(F.min(POSITION).alias(POSITION), (F.count("*") - 1).alias(_COPIES))
        )
        # Nearly always one first row for each hash.
        self._repeated = (
            firsts.groupBy(HASH)
            .agg(F.collect_list(POSITION).alias(_KEPT), F.sum(_COPIES).alias(_COPIES))
            .persist()
        )
        self._rows = rows
        self.count: int = self._repeated.agg(F.coalesce(F.sum(_COPIES), F.lit(0))).first()[0]  # type: ignore[index]

    def removed(self) -> DataFrame:
        """The rows without their later copies."""
        if self.count == 0:
            return self._rows
        kept = F.col(f"`{_KEPT}`")
        return (
            self._rows.join(self._repeated, HASH, "left_outer")
            .where(kept.isNull() | F.array_contains(kept, F.col(f"`{POSITION}`")))
            .drop(_KEPT, _COPIES)
        )
