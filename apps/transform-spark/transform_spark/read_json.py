"""JSON: lines, or an array. Follows packages/record-transform/src/reading/json-rows.ts."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark import AccumulatorParam, TaskContext
from pyspark.accumulators import Accumulator
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from transform_spark.json_rows import BLANKS, JsonArray, JsonJudge, JsonLines, NumberedRow
from transform_spark.objects import StoredObject
from transform_spark.pieces import Batches, in_one_task, map_in_arrow, size_batches
from transform_spark.plan import ReadPlan
from transform_spark.read_rows import OPEN_QUOTE, ReadRows, rows_of
from transform_spark.refusal import MAX_ROW_BYTES, Refused

_BOM = b"\xef\xbb\xbf"
# Undeclared keys are reported up to this number: an object may have new ones in every row.
_MAX_UNKNOWN_NAMES = 100

_BATCH_ROWS = 1024
_BATCH_BYTES = 1024 * 1024

# Of each partition the undeclared keys, in their order.
Names = dict[int, list[str]]
Row = tuple[str | None, ...]


class _UnknownNames(AccumulatorParam[Names]):
    """Gathers the partitions' names; on the driver, `reported` has the first ones of the object."""

    def __init__(self) -> None:
        self.reported: list[str] = []

    def zero(self, value: Names) -> Names:
        return {}

    def addInPlace(self, value1: Names, value2: Names) -> Names:
        for partition, names in value2.items():
            known = value1.setdefault(partition, [])
            known.extend(name for name in names if name not in known)
        ordered = (name for partition in sorted(value1) for name in value1[partition])
        self.reported[:] = list(dict.fromkeys(ordered))[:_MAX_UNKNOWN_NAMES]
        return value1


def read_json(
    spark: SparkSession, plan: ReadPlan, stored: StoredObject, chunks: Iterator[bytes], *, in_order: bool
) -> ReadRows:
    """Read a JSON object, of which `chunks` are the bytes, gunzipped; `in_order` does lines in one task.

    Raises Refused (`empty_object`).
    """
    has_bom, sample = _start(chunks)
    is_array = sample.startswith(b"[")
    # Of an array's own characters, one that is never far from the next.
    separator = "\n" if not is_array else "}" if sample[1:].lstrip(BLANKS).startswith(b"{") else ","
    names = _UnknownNames()
    unknown = spark.sparkContext.accumulator({}, names)
    cut = _elements if is_array else _lines

    def judge_pieces(pieces: Iterator[bytes]) -> Batches:
        return _judged(plan, cut(pieces), unknown, is_array=is_array)

    def judge_lines(batches: Batches) -> Batches:
        return _judged(plan, _lines_of_split(batches), unknown, is_array=False)

    size_batches(spark, sample, separator)
    schema = ", ".join(f"c{at} STRING" for at in range(len(plan.fields) + 2))
    if is_array or in_order:
        frame = in_one_task(
            spark,
            stored,
            separator,
            judge_pieces,
            schema,
            has_bom=has_bom,
            ends_with_separator=not is_array,
        )
    else:
        lines = spark.read.text(stored.uri, lineSep="\n").select(F.col("value").cast("binary"))
        frame = map_in_arrow(lines, judge_lines, schema)
    problem, raw, *cells = (F.col(name) for name in frame.columns)
    return ReadRows(rows_of(frame, problem, raw, cells), names.reported)


def _start(chunks: Iterator[bytes]) -> tuple[bool, bytes]:
    """Tell whether there is a byte order mark, and what begins with the first byte that is no blank."""
    text = b""
    while len(text) < len(_BOM) and (chunk := next(chunks, b"")):
        text += chunk
    has_bom = text.startswith(_BOM)
    text = text.removeprefix(_BOM).lstrip(BLANKS)
    while not text:
        chunk = next(chunks, b"")
        if not chunk:
            raise Refused("empty_object", "the object is empty: it holds no JSON")
        text = chunk.lstrip(BLANKS)
    return has_bom, text


def _elements(pieces: Iterator[bytes]) -> Iterator[NumberedRow]:
    array = JsonArray()
    for piece in pieces:
        yield from array.push(piece)
    array.end()


def _lines(pieces: Iterator[bytes]) -> Iterator[NumberedRow]:
    lines = JsonLines()
    for piece in pieces:
        yield from lines.push(piece)
    yield from lines.end()


def _lines_of_split(batches: Batches) -> Iterator[NumberedRow]:
    for batch in batches:
        for line in batch.column(0).to_pylist():
            if line.strip(BLANKS):
                # Its number, which nobody asks for, depends on the splits before.
                yield line, 0


def _judged(
    plan: ReadPlan, rows: Iterator[NumberedRow], unknown: Accumulator[Names], *, is_array: bool
) -> Batches:
    judge = JsonJudge(plan, _MAX_UNKNOWN_NAMES)
    undecided = (OPEN_QUOTE, *([None] * (len(plan.fields) + 1)))
    judged: list[Row] = []
    size = 0
    for row, number in rows:
        too_large = len(row) > MAX_ROW_BYTES
        judged.append(undecided if too_large else judge.judge(row, number if is_array else None))
        size += len(row)
        if len(judged) == _BATCH_ROWS or size > _BATCH_BYTES:
            yield _batch(judged)
            judged, size = [], 0
    if judged:
        yield _batch(judged)
    context = TaskContext.get()
    if context and judge.unknown:
        unknown.add({context.partitionId(): list(judge.unknown)})


def _batch(rows: list[Row]) -> Any:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(columns, [f"c{at}" for at in range(len(columns))])
