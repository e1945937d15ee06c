"""Duplicates: rows whose cells all equal an earlier row's. Exact, over the whole object; the first stays."""

from contextlib import ExitStack

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from transform_spark.figures import figures_of
from transform_spark.plan import POSITION, PROBLEM, REASONS, RULE, quoted

HASH = "row hash"
_KEPT = "kept positions"
_COPIES = "row copies"
_IS_SOUND = "is_sound"


class Duplicates:
    """What is said twice among rows.

    Few rows are, as a rule, so only hashes are sent around to find them. Equal hashes are candidates: those rows are
    compared by their cells. Copies meet before they are sent, so one row a million times over is no task's burden.
    """

    def __init__(self, rows: DataFrame, cells: list[str], held: ExitStack) -> None:
        """Find them. A row without a hash is malformed, and like no other. `held` lets go of what is kept."""
        self._rows = rows
        self.count = 0
        # Those of rows without reasons, by the rule that filters such a row.
        self.sound: dict[str | None, int] = {}
        readable = rows.where(f"{quoted(PROBLEM)} IS NULL")
        shared = (
            readable.groupBy(quoted(HASH)).agg(F.count("*").alias(_COPIES)).where(f"{quoted(_COPIES)} > 1")
        )
        # Kept, and so of a known size: a small one is sent to the rows, and not the rows to it.
        candidates = shared.select(quoted(HASH)).persist()
        held.callback(candidates.unpersist)
        if candidates.count() == 0:
            return
        is_sound = f"{quoted(REASONS)} IS NULL"
        self._firsts = (
            readable.join(candidates, HASH, "left_semi")
            .groupBy(quoted(HASH), *(quoted(cell) for cell in cells))
            .agg(
                F.min(quoted(POSITION)).alias(POSITION),
                (F.count("*") - 1).alias(_COPIES),
                F.first(F.expr(is_sound)).alias(_IS_SOUND),
                F.first(quoted(RULE)).alias(RULE),
            )
            .select(quoted(HASH), quoted(POSITION), quoted(_COPIES), _IS_SOUND, quoted(RULE))
            .persist()
        )
        held.callback(self._firsts.unpersist)
        for copies in figures_of(self._firsts.groupBy(_IS_SOUND, quoted(RULE)).agg(F.sum(quoted(_COPIES)))):
            self.count += int(copies[2])
            if copies[0]:
                self.sound[copies[1]] = int(copies[2])

    def removed(self) -> DataFrame:
        """The rows without the later ones of each kind."""
        if self.count == 0:
            return self._rows
        # Nearly always one first row for each hash.
        kept = self._firsts.groupBy(quoted(HASH)).agg(F.collect_list(quoted(POSITION)).alias(_KEPT))
        return (
            self._rows.join(kept, HASH, "left_outer")
            .where(f"{quoted(_KEPT)} IS NULL OR array_contains({quoted(_KEPT)}, {quoted(POSITION)})")
            .drop(_KEPT)
        )
