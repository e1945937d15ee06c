"""Parquet, as Spark reads it."""

import gzip
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F
from reading import Reader, plan_of

from transform_spark.parquet_texts import double_text, widened


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """Write a table as a Parquet file."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def test_values_come_as_texts_of_their_own_form(reader: Reader) -> None:
    at = datetime(2024, 1, 5, 3, 4, 5, 678_999)
    before = datetime(1969, 12, 31, 23, 59, 59, 999_100)
    data = parquet(
        {
            "text": ["x ", None],
            "int": pa.array([12, -1], pa.int32()),
            "unsigned": pa.array([2**64 - 1, 0], pa.uint64()),
            "decimal": pa.array([Decimal("1.50"), Decimal("-0.05")], pa.decimal128(10, 2)),
            "bool": [True, False],
            "bytes": ["é".encode(), b"x"],
            "day": [date(2024, 2, 29), date(1, 1, 1)],
            "micros": pa.array([at, before], pa.timestamp("us")),
            "nanos": pa.array([1704423845678999999, -900_001], pa.timestamp("ns")),
            "zoned": pa.array([at.replace(tzinfo=UTC), None], pa.timestamp("ms", "Europe/Berlin")),
            "nested": [[1, 2], None],
            "time": pa.array([1, 2], pa.time64("us")),
        }
    )
    names = [
        "text",
        "int",
        "unsigned",
        "decimal",
        "bool",
        "bytes",
        "day",
        "micros",
        "nanos",
        "zoned",
        "nested",
        "absent",
    ]
    rows, unknown = reader.rows(data, plan_of(*names, json=["nested"]), "in.parquet")
    instants = ("2024-01-05T03:04:05.678Z",) * 3
    assert rows == [
        ("x ", "12", "18446744073709551615", "1.50", "true", "é", "2024-02-29", *instants, "[1,2]", None),
        (
            None,
            "-1",
            "0",
            "-0.05",
            "false",
            "x",
            "0001-01-01",
            *("1969-12-31T23:59:59.999Z",) * 2,
            None,
            None,
            None,
        ),
    ]
    assert unknown == ["time"]


def test_fields_of_typed_columns_are_told(reader: Reader) -> None:
    columns = {
        "at": pa.array([datetime(2024, 1, 1)], pa.timestamp("us")),
        "day": [date(2024, 1, 1)],
        "text": ["x"],
    }
    plan = plan_of("day:timestamp", "at:timestamp", "text:timestamp", "day:date", "at:date", "at:text")
    read = reader.open(parquet(columns), plan, "in.parquet")
    assert read.typed_fields == {0, 1, 3}
    assert read.frame.collect()[0]["cell 0"] == "2024-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.1, "0.1"),
        (1e7, "10000000.0"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e+16"),
        (1e-4, "0.0001"),
        (1.5e-5, "1.5e-05"),
        (8.41e21, "8.41e+21"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (0.1 + 0.2, "0.30000000000000004"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_doubles_have_the_fewest_digits(reader: Reader, value: float, text: str) -> None:
    (row,) = reader.spark.createDataFrame([(value,)], "x DOUBLE").select(double_text(F.col("x"))).collect()
    assert row[0] == text


def test_floats_are_the_doubles_that_they_are_written_as(reader: Reader) -> None:
    values = [0.1, 3.4028234663852886e38, 16777216.0, 8.41e21, 0.3]
    frame = reader.spark.createDataFrame([(value,) for value in values], "x FLOAT")
    found = [row[0] for row in frame.select(double_text(widened(F.col("x")))).collect()]
    assert found == ["0.1", "3.4028235e+38", "16777216.0", "8.41e+21", "0.3"]


def test_rows_keep_their_order_over_row_groups(reader: Reader, small_splits: int) -> None:
    data = parquet({"a": [str(at) for at in range(60)]}, row_group_size=7)
    assert len(data) > 4 * small_splits
    assert reader.rows(data, plan_of("a"), "in.parquet")[0] == [(str(at),) for at in range(60)]


def test_a_gzipped_file_is_read(reader: Reader) -> None:
    data = gzip.compress(parquet({"a": ["1"]}))
    assert reader.rows(data, plan_of("a"), "in.parquet.gz")[0] == [("1",)]
    assert reader.refusal(data[:-20], plan_of("a"), "in.parquet.gz").startswith("corrupt_gzip: ")


def test_damaged_and_nested_files_are_refused(reader: Reader) -> None:
    plan = plan_of("a", needed=["a"])
    good = parquet({"a": ["1"]})
    assert reader.refusal(b"PAR1 and nothing behind it", plan, "in.parquet").startswith("corrupt_parquet: ")
    assert reader.refusal(good[:-30] + b"\xff" * 22 + good[-8:], plan, "in.parquet").startswith(
        "corrupt_parquet: "
    )
    assert reader.refusal(good[:4] + b"\xff" * 40 + good[44:], plan, "in.parquet").startswith(
        "corrupt_parquet: "
    )
    nested = parquet({"a": [[1]]})
    assert reader.refusal(nested, plan, "in.parquet") == 'nested_column: the column "a" holds nested values'
    assert reader.refusal(parquet({"b": [1]}), plan, "in.parquet").startswith("missing_column: ")
    assert reader.refusal(b"a\n1\n", plan, "in.parquet").startswith("wrong_format: ")
