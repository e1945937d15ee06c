"""What reading gives, whatever an object's format."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from transform_spark.plan import POSITION, PROBLEM, RAW, cell_name

# An internal problem of a row: only a second look at the object, in one piece and in order, can tell what is there.
OPEN_QUOTE = "open_quote"


@dataclass(frozen=True)
class ReadRows:
    """An object's data rows; header and blank lines are none.

    `frame` has the columns `row position` (BIGINT, grows in the object's order, without gaps within a partition),
    `row problem`, `row raw` (of malformed rows) and a STRING for each field's cell. `unknown_columns` are undeclared
    names: those of JSON get into the list while the frame is computed. `typed_fields`: places of fields whose column is
    of a Parquet type that has `PlannedField.typed` take the place of the plan's own columns.
    """

    frame: DataFrame
    unknown_columns: list[str]
    typed_fields: frozenset[int] = frozenset()


def rows_of(frame: DataFrame, problem: Column, raw: Column, cells: list[Column]) -> DataFrame:
    """Give the reader's columns to a frame in the object's order."""
    # The position comes last: no filter gets below what is not deterministic, to do the same work twice.
    return frame.select(
        F.monotonically_increasing_id().alias(POSITION),
        problem.cast(T.StringType()).alias(PROBLEM),
        raw.cast(T.StringType()).alias(RAW),
        *(cell.cast(T.StringType()).alias(cell_name(at)) for at, cell in enumerate(cells)),
    )


def text_of(value: Column) -> Column:
    """Decode bytes; those that are no UTF-8 become U+FFFD, one for each byte or cut character, as everywhere else."""
    # Java makes one character of a surrogate's three bytes: a lead byte that never is one parts them.
    latin = F.decode(value.cast("binary"), "ISO-8859-1")
    parted = F.regexp_replace(latin, "\u00ed(?=[\u00a0-\u00bf])", "\u00ff")
    return F.decode(F.encode(parted, "ISO-8859-1"), "UTF-8")
