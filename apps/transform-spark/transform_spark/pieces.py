"""An object's bytes in one task, piece by piece, where its rows can only be found one after another."""

from collections.abc import Callable, Iterator
from typing import Any, cast

from pyspark.rdd import PythonEvalType
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.udf import UserDefinedFunction

from transform_spark.objects import StoredObject, last_bytes

# Arrow's record batches; pyarrow has no types.
Batches = Iterator[Any]

# What a batch may hold if records are as long as those that were seen; Arrow itself counts records, not bytes.
_BATCH_BYTES = 256 * 1024
_FEWEST_RECORDS = 4
_MOST_RECORDS = 512


def map_in_arrow(frame: DataFrame, work: Callable[[Batches], Batches], schema: str) -> DataFrame:
    """Do what DataFrame.mapInArrow does, which would have pandas installed and then make no use of it."""
    function = UserDefinedFunction(work, schema, evalType=PythonEvalType.SQL_MAP_ARROW_ITER_UDF)
    expression = cast(Any, function(*frame.columns))._jc.expr()
    mapped = cast(Any, frame)._jdf.pythonMapInArrow(expression, False)
    return DataFrame(mapped, frame.sparkSession)


def size_batches(spark: SparkSession, sample: bytes, separator: str) -> None:
    """Have Python workers get so many records at once that long ones fit the memory, and short ones are quick."""
    records = _BATCH_BYTES * (sample.count(separator.encode()) + 1) // max(len(sample), 1)
    most = max(_FEWEST_RECORDS, min(records, _MOST_RECORDS))
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", most)


def in_one_task(
    spark: SparkSession,
    stored: StoredObject,
    separator: str,
    work: Callable[[Iterator[bytes]], Batches],
    schema: str,
    *,
    has_bom: bool,
    ends_with_separator: bool,
) -> DataFrame:
    """Make a frame of what `work` makes of the object's bytes, a byte order mark left out.

    Spark hands out records, so `separator` is one that parts the object into small ones. Whether one is its last byte
    Spark does not tell; the object does, but for several gzip members: then `ends_with_separator` is what to assume.
    """
    mark = separator.encode()
    zipped = stored.zipped
    # A gzip member ends with its size, modulo 2^32.
    ending = last_bytes(spark, stored.uri, 4 if zipped else 1)
    member_size = int.from_bytes(ending, "little")

    def ends(size: int) -> bool:
        if not zipped:
            return ending == mark
        if member_size in (size % 2**32, (size + 1) % 2**32):
            return member_size != size % 2**32
        return ends_with_separator

    def pieces(batches: Batches) -> Iterator[bytes]:
        size = 3 if has_bom else 0
        last = -1
        for batch in batches:
            if batch.num_rows == 0:
                continue
            # One task reads all splits; that it does so in their order is Spark's habit, not its promise.
            if batch.column(1)[0].as_py() <= last:
                raise AssertionError("the splits of the object are out of order")
            piece = (b"" if last < 0 else mark) + mark.join(batch.column(0).to_pylist())
            last = batch.column(1)[-1].as_py()
            size += len(piece)
            yield piece
        if last >= 0 and ends(size):
            yield mark

    records = spark.read.text(stored.uri, lineSep=separator).select(
        F.col("value").cast("binary"), F.monotonically_increasing_id().alias("place")
    )

    def worked(batches: Batches) -> Batches:
        return work(pieces(batches))

    return map_in_arrow(records.coalesce(1), worked, schema)
