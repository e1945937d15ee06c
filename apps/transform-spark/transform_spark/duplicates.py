"""Duplicates: rows whose cells all equal an earlier row's. Exact, over the whole object; the first stays."""

from contextlib import ExitStack

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transform_spark.figures import figures_of
from transform_spark.plan import POSITION, PROBLEM, quoted

HASH = "row hash"
_KEPT = "kept positions"
_COPIES = "row copies"


class Duplicates:
    """What is said twice among rows.

    Few rows are, as a rule, so only hashes are sent around to find them. Equal hashes are candidates: those rows are
    compared by their cells. Copies meet before they are sent, so one row a million times over is no task's burden.
    """

    def __init__(self, rows: DataFrame, cells: list[str], held: ExitStack) -> None:
        """Find them. A row without a hash is malformed, and like no other. `held` lets go of what is kept."""
        self._rows = rows
        self.count = 0
        readable = rows.where(f"{quoted(PROBLEM)} IS NULL")
        shared = (
            readable.groupBy(quoted(HASH)).agg(F.count("*").alias(_COPIES)).where(f"{quoted(_COPIES)} > 1")
        )
        # Kept, and so of a known size: a small one is sent to the rows, and not the rows to it.
        candidates = shared.select(quoted(HASH)).persist()
        held.callback(candidates.unpersist)
        if candidates.count() == 0:
            return
        firsts = (
            readable.join(candidates, HASH, "left_semi")
            .groupBy(quoted(HASH), *(quoted(cell) for cell in cells))
            .agg(F.min(quoted(POSITION)).alias(POSITION), (F.count("*") - 1).alias(_COPIES))
        )
        # Nearly always one first row for each hash.
        self._firsts = (
            firsts.groupBy(quoted(HASH))
            .agg(F.collect_list(quoted(POSITION)).alias(_KEPT), F.sum(quoted(_COPIES)).alias(_COPIES))
            .persist()
        )
        held.callback(self._firsts.unpersist)
        (copies,) = figures_of(self._firsts.agg(F.sum(quoted(_COPIES))))
        self.count = int(copies[0])

    def removed(self) -> DataFrame:
        """The rows without the later ones of each kind."""
        if self.count == 0:
            return self._rows
        return (
            self._rows.join(self._firsts, HASH, "left_outer")
            .where(f"{quoted(_KEPT)} IS NULL OR array_contains({quoted(_KEPT)}, {quoted(POSITION)})")
            .drop(_KEPT, _COPIES)
        )
