"""What is said of a failure."""

import re

import pytest
from pyspark.sql import SparkSession

from transform_spark.failure import describe
from transform_spark.staging import read_text


def failure_of(spark: SparkSession, sql: str) -> str:
    with pytest.raises(Exception) as caught:
        spark.sql(sql).collect()
    return describe(caught.value, "read", None)


def test_the_stage_the_split_and_the_log_are_named() -> None:
    cause = RuntimeError("Job aborted: Task 3 in stage 7.0 failed 4 times, most recent failure: …\nmore")
    line = describe(cause, "write accepted rows", "jr_1")
    assert line.startswith('at the stage "write accepted rows", split 3, tried 4 times: RuntimeError: ')
    assert "log streams jr_1" in line
    assert "\n" not in line


def test_a_file_that_is_not_there_is_named(spark: SparkSession) -> None:
    with pytest.raises(Exception) as caught:
        read_text(spark, "/nowhere/parcels.json")
    assert "FileNotFoundException: " in describe(caught.value, "start", None)
    assert "/nowhere/parcels.json" in describe(caught.value, "start", None)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(concat('ada@', id) AS INT) FROM range(3)",
        "SELECT CAST('ada@example.com' AS INT)",
        "SELECT raise_error(concat('ada@', id)) FROM range(3)",
    ],
)
def test_no_value_of_the_object_is_told(spark: SparkSession, sql: str) -> None:
    line = failure_of(spark, sql)
    assert "ada@" not in line
    assert re.search(r"Exception|Error", line)
