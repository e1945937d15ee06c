"""The Spark session: the same meaning wherever the program runs."""

import os
import shlex
import sys
from collections.abc import Mapping

from pyspark.sql import SparkSession

# What decides on values and on what is left in the lake. Nobody may want it otherwise.
_MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Days before 1582 are those of the calendar that everybody else reckons with.
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.caseSensitive": "true",
    # A task that is tried again must not leave its first try's rows: version 2 lets it.
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    # The rows are kept as columns; to look for what compresses them costs more than the disk that it saves.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # A second copy of a slow task would read its split a second time.
    "spark.speculation": "false",
}

# Of a session that works on a table.
_DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # The log of a table is read in so many pieces; of ours it is short.
    "spark.databricks.delta.snapshotPartitions": "2",
}

# On one machine, for whatever PYSPARK_SUBMIT_ARGS leaves open.
_ONE_MACHINE = {
    # A task may fail three times, as on a cluster.
    "spark.master": "local[*,4]",
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # Java matches repeated groups of a pattern by calling itself: long texts want a deep stack.
    "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -Xss64m -XX:+UseParallelGC",
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
}


def start_session(run_id: str, *, delta: bool = False) -> SparkSession:
    """Start Spark, or join the one that spark-submit (Glue, EMR Serverless) has started for this program."""
    builder = SparkSession.Builder().appName(f"transform {run_id}")
    own = {} if _is_submitted() else _open_settings()
    for name, value in {**_MEANING, **(_DELTA if delta else {}), **own}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def apply_settings(spark: SparkSession, settings: Mapping[str, str]) -> None:
    """Set what a plan wants set."""
    for name, value in settings.items():
        spark.conf.set(name, value)


def _is_submitted() -> bool:
    return "PYSPARK_GATEWAY_PORT" in os.environ


def _open_settings() -> dict[str, str]:
    # Its workers are to be of this Python, whatever `python3` is.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    options = shlex.split(os.environ.get("PYSPARK_SUBMIT_ARGS", ""))
    given = {option.partition("=")[0] for option in options}
    short = {"spark.master": "--master", "spark.driver.memory": "--driver-memory"}
    return {
        name: value
        for name, value in _ONE_MACHINE.items()
        if name not in given and short.get(name) not in given
    }
