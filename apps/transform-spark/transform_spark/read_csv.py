"""CSV. Follows packages/record-transform/src/reading/csv-tokenizer.ts.

Lines are judged by Spark's own expressions, all splits at once. Only where quoted fields hold line breaks, one task
puts lines together into rows first.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from transform_spark.csv_rows import BOM, CsvRow, CsvRows
from transform_spark.header import match_header
from transform_spark.objects import StoredObject
from transform_spark.pieces import Batches, in_one_task, size_batches
from transform_spark.plan import ReadPlan
from transform_spark.read_rows import OPEN_QUOTE, ReadRows, rows_of, text_of
from transform_spark.refusal import MAX_HEADER_BYTES, MAX_ROW_BYTES, Refused

_VALUE = "line"
_PLACE = "line place"
_CELLS = "line cells"
_PROBLEM = "line problem"
_UNCLOSED = "line unclosed"


# Blank lines before a header are counted up to here, which is far within the first split.
_MAX_PREFIX_BYTES = 64 * 1024


@dataclass(frozen=True)
class CsvHead:
    """What an object's first bytes tell. `in_order`: lines of this object are no rows."""

    names: list[str]
    has_bom: bool
    blank_lines: int
    in_order: bool
    sample: bytes


def read_head(delimiter: str, chunks: Iterator[bytes]) -> CsvHead:
    """Read the header, and no more chunks than that takes. Raises Refused (`empty_object`, `bad_header`)."""
    text = b""
    while len(text) < len(BOM) and (chunk := next(chunks, b"")):
        text += chunk
    has_bom = text.startswith(BOM)
    text = text.removeprefix(BOM)
    prefix = b""
    while not text.strip(b"\r\n"):
        prefix = (prefix + text)[: _MAX_PREFIX_BYTES + 1]
        text = next(chunks, b"")
        if not text:
            raise Refused("empty_object", "the object is empty: it has no header row")
    header = text.lstrip(b"\r\n")
    prefix += text[: len(text) - len(header)]

    rows = CsvRows(delimiter)
    found = rows.push(header)
    while not found and rows.pending <= MAX_HEADER_BYTES and (chunk := next(chunks, b"")):
        found = rows.push(chunk)
    if not found and rows.pending <= MAX_HEADER_BYTES:
        found = rows.end()
    if not found or len(found[0].text) > MAX_HEADER_BYTES:
        raise Refused("bad_header", "the header row is longer than 1 MiB")
    return CsvHead(
        names=_names(found[0], delimiter),
        has_bom=has_bom,
        blank_lines=len(re.findall(rb"\r\n|\r|\n", prefix)),
        in_order=len(prefix) > _MAX_PREFIX_BYTES or any(re.search(rb"[\r\n]", row.text) for row in found),
        sample=header,
    )


def _names(header: CsvRow, delimiter: str) -> list[str]:
    mark = re.escape(delimiter)
    field = rf'{mark}("[^"]*+(?:""[^"]*+)*+"|[^"{mark}]*+)'
    text = delimiter + header.text.decode("utf-8", "replace")
    if header.unclosed or not re.fullmatch(rf"(?:{field})*+", text):
        raise Refused(
            "bad_header",
            "the header row has a broken quote: close it, and double the quotes inside quoted names",
        )
    try:
        header.text.decode()
    except UnicodeDecodeError:
        raise Refused("bad_header", "the header row is not valid UTF-8: save the file as UTF-8") from None
    return [
        name[1:-1].replace('""', '"') if name.startswith('"') else name for name in re.findall(field, text)
    ]


def read_csv(
    spark: SparkSession,
    plan: ReadPlan,
    stored: StoredObject,
    chunks: Iterator[bytes],
    *,
    in_order: bool,
) -> ReadRows:
    """Read a CSV object, of which `chunks` are the bytes, gunzipped.

    `in_order`: quoted fields hold line breaks. Raises Refused.
    """
    head = read_head(plan.delimiter, chunks)
    header = match_header(plan, head.names)
    if in_order or head.in_order:
        size_batches(spark, head.sample, "\n")
        frame = _together(spark, stored, plan.delimiter, head.has_bom)
    else:
        frame = _lines(spark.read.text(stored.uri), head.blank_lines)
    return ReadRows(_judged(frame, plan.delimiter, len(head.names), header.positions), header.unknown_columns)


def _lines(text: DataFrame, header_line: int) -> DataFrame:
    """Take the lines that are neither blank nor the header, which is in the first split."""
    return (
        text.select(F.col("value").alias(_VALUE), F.monotonically_increasing_id().alias(_PLACE))
        .where((F.col(_VALUE) != "") & (F.col(_PLACE) != header_line))
        .select(_VALUE, F.lit(False).alias(_UNCLOSED))
    )


def _together(spark: SparkSession, stored: StoredObject, delimiter: str, has_bom: bool) -> DataFrame:
    """Put lines together into rows, in one task."""

    def work(pieces: Iterator[bytes]) -> Batches:
        return _row_batches(pieces, CsvRows(delimiter, len(BOM) if has_bom else 0))

    return in_one_task(
        spark,
        stored,
        "\n",
        work,
        f"`{_VALUE}` BINARY, `{_UNCLOSED}` BOOLEAN",
        has_bom=has_bom,
        ends_with_separator=True,
    ).withColumn(_VALUE, F.col(_VALUE).cast("string"))


def _row_batches(pieces: Iterator[bytes], rows: CsvRows) -> Batches:
    for found in itertools.chain((rows.push(piece) for piece in pieces), (rows.end() for _ in (1,))):
        # The first row is the header.
        data = found[1:] if found and len(found) == rows.rows else found
        if data:
            texts, unclosed = zip(*data, strict=True)
            yield pa.RecordBatch.from_arrays(
                [pa.array(texts, pa.binary()), pa.array(unclosed, pa.bool_())], [_VALUE, _UNCLOSED]
            )


def _judged(rows: DataFrame, delimiter: str, columns: int, positions: list[int | None]) -> DataFrame:
    """Tell rows that can be read from others, and take their cells; a row is with a delimiter before each field."""
    mark = delimiter if delimiter.isalnum() else f"\\{delimiter}"
    field = rf'{mark}("[^"]*+(?:""[^"]*+)*+"|[^"{mark}]*+)'
    # Possessive throughout: Java then goes on in a loop where it would call itself for each field.
    whole = rf"\A(?:{field})*+\z"
    opened = rf'\A(?:{field}(?![^{mark}]))*+{mark}"[^"]*+(?:""[^"]*+)*+\z'

    line = F.col(_VALUE)
    fielded = F.concat(F.lit(delimiter), line)
    cells = F.when(~line.contains('"'), F.split(line, mark, -1)).when(
        fielded.rlike(whole), F.regexp_extract_all(fielded, F.lit(field), F.lit(1))
    )
    problem = (
        F.when(F.col(_UNCLOSED), "malformed_quote")
        .when(F.octet_length(line) > MAX_ROW_BYTES, OPEN_QUOTE)
        .when(F.col(_CELLS).isNull() & fielded.rlike(opened), OPEN_QUOTE)
        .when(F.col(_CELLS).isNull(), "malformed_quote")
        .when(F.decode(line.cast("binary"), "UTF-8") != line, "invalid_utf8")
        .when(F.size(_CELLS) != columns, "wrong_field_count")
    )
    judged = rows.select(_VALUE, _UNCLOSED, cells.alias(_CELLS)).select(
        _VALUE, _CELLS, problem.alias(_PROBLEM)
    )
    return rows_of(
        judged,
        F.col(_PROBLEM),
        F.when(F.col(_PROBLEM).isNotNull(), text_of(line)),
        [F.lit(None) if at is None else _cell(at) for at in positions],
    )


def _cell(at: int) -> Column:
    text = F.get(F.col(_CELLS), at)
    inner = text.substr(F.lit(2), F.length(text) - 2)
    unquoted = F.when(text.startswith('"'), F.replace(inner, F.lit('""'), F.lit('"'))).otherwise(text)
    return F.when(F.col(_PROBLEM).isNull(), unquoted)
