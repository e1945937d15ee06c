"""What the tests share: one Spark session."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)
os.environ.setdefault("PYSPARK_SUBMIT_ARGS", "--master local[2] --driver-memory 1g pyspark-shell")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Spark as the program starts it, with two cores."""
    from transform_spark.session import start_session

    session = start_session("test")
    yield session
    session.stop()
