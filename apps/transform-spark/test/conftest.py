"""What the tests share: one Spark session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from reading import Reader

os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
# As `sluice run --engine spark` fetches them; without them, tables are not tested.
DELTA_JARS = sorted((Path(__file__).parents[3] / ".cache/spark/jars").glob("*.jar"))
_class_path = f"--conf spark.driver.extraClassPath={':'.join(map(str, DELTA_JARS))}" if DELTA_JARS else ""
os.environ.setdefault(
    "PYSPARK_SUBMIT_ARGS", f"--master local[2] --driver-memory 1g {_class_path} pyspark-shell"
)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Spark as the program starts it, with two cores and as few partitions."""
    from transform_spark.session import start_session

    session = start_session("test", delta=bool(DELTA_JARS))
    session.conf.set("spark.sql.shuffle.partitions", 2)
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture
def reader(spark: SparkSession, tmp_path: Path) -> Reader:
    """Read bytes as objects."""
    return Reader(spark, tmp_path)


@pytest.fixture
def small_splits(spark: SparkSession) -> Iterator[int]:
    """Have Spark split objects after so many bytes."""
    size = 64
    spark.conf.set("spark.sql.files.maxPartitionBytes", size)
    spark.conf.set("spark.sql.files.openCostInBytes", 0)
    yield size
    spark.conf.unset("spark.sql.files.maxPartitionBytes")
    spark.conf.unset("spark.sql.files.openCostInBytes")
