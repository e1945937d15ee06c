"""How often the object's bytes are read, and what comes to the driver."""

import ast
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from test_stage import stage

from plans import Run

PROGRAM = Path(__file__).parent.parent / "transform_spark"
ROWS = 20_000


class Meter:
    """What Spark and Hadoop say of all that was done since."""

    def __init__(self, spark: SparkSession) -> None:
        self._context: Any = spark.sparkContext._jsc.sc()
        self._jvm: Any = spark.sparkContext._jvm
        self._gateway: Any = spark.sparkContext._gateway
        self._stages = len(self._all_stages())
        self._bytes = self._bytes_read()

    def files_read(self) -> int:
        """Bytes that were read through Hadoop's file systems, by whomever."""
        return self._bytes_read() - self._bytes

    def input_of_stages(self) -> list[tuple[int, int]]:
        """Bytes and records of the input of each stage that was run, kept rows included, whose records are batches."""
        return [(one.inputBytes(), one.inputRecords()) for one in self._new_stages()]

    def bytes_to_driver(self) -> int:
        """Bytes that tasks sent to the driver: their results and metrics."""
        return sum(one.resultSize() for one in self._new_stages())

    def _new_stages(self) -> list[Any]:
        stages = self._all_stages()
        return stages[: len(stages) - self._stages]

    def _all_stages(self) -> list[Any]:
        self._context.listenerBus().waitUntilEmpty()
        none = self._gateway.new_array(self._jvm.double, 0)
        found = self._context.statusStore().stageList(None, False, False, none, None)
        # The latest first.
        return [found.apply(at) for at in range(found.size())]

    def _bytes_read(self) -> int:
        return sum(one.getBytesRead() for one in self._jvm.org.apache.hadoop.fs.FileSystem.getAllStatistics())


def object_of(rows: list[str]) -> bytes:
    return ("id,size\n" + "\n".join(rows) + "\n").encode()


@pytest.fixture
def meter(spark: SparkSession) -> Meter:
    return Meter(spark)


# With duplicates, quarantined and filtered rows, so that every step has work to do.
MIXED = [f"{at % 19_500:0100},{'x' if at % 200 == 0 else at % 3}" for at in range(ROWS)]
HEAD_BYTES = 256 * 1024


def times_read(run: Run, meter: Meter, size: int, heads: int) -> float:
    """Whole readings of the object.

    Left out are its first bytes, which are looked at to place it and to open it, and the quarantine, which is read to
    count it.
    """
    quarantine = (run.output / "quarantine.jsonl").stat().st_size
    return (meter.files_read() - heads * HEAD_BYTES - quarantine) / size


def test_an_object_is_read_once(spark: SparkSession, tmp_path: Path, meter: Meter) -> None:
    data = object_of(MIXED)
    run = stage(spark, Run(tmp_path, data))
    counts = run.read("transform.json")["counts"]
    assert min(counts["accepted"], counts["duplicates"], counts["quarantined"], len(counts["filtered"])) > 0
    # The header is a line, too.
    assert [one for one in meter.input_of_stages() if one[1] > ROWS] == [(len(data), ROWS + 1)]
    assert times_read(run, meter, len(data), heads=2) == pytest.approx(1, abs=0.05)


def test_line_breaks_in_quotes_take_one_more_read(spark: SparkSession, tmp_path: Path, meter: Meter) -> None:
    data = object_of([*MIXED, '"line\nbreak",1'])
    run = stage(spark, Run(tmp_path, data))
    assert run.read("transform.json")["counts"]["rowsIn"] == ROWS + 1
    assert times_read(run, meter, len(data), heads=3) == pytest.approx(2, abs=0.05)


def test_what_comes_to_the_driver_does_not_grow_with_the_rows(
    spark: SparkSession, tmp_path: Path, meter: Meter
) -> None:
    def rows(count: int) -> bytes:
        return object_of([f"{at},{at % 3}" for at in range(count)])

    stage(spark, Run(tmp_path, rows(1000)))
    few = meter.bytes_to_driver()
    again = Meter(spark)
    stage(spark, Run(tmp_path, rows(50_000)))
    assert again.bytes_to_driver() < few * 1.1


BRINGS_ROWS = {"collect", "toPandas", "toArrow", "toLocalIterator", "take", "head", "tail", "foreach", "show"}


# They read what Delta says of its own tables.
OF_TABLES = {"merge.py", "table.py"}


def test_one_function_brings_rows_to_the_driver_and_it_is_for_counts() -> None:
    found = [
        (path.name, function.name)
        for path in PROGRAM.glob("*.py")
        if path.name not in OF_TABLES
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr in BRINGS_ROWS
    ]
    assert found == [("figures.py", "figures_of")]
