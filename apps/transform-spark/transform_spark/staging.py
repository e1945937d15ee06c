"""The folder that the work is left in, through Hadoop's file systems: S3 on AWS, a disk here."""

import json
from typing import Any

from pyspark.sql import SparkSession

ACCEPTED = "accepted-rows"
QUARANTINE = "quarantine.jsonl"
FIGURES = "figures.json"
REPORT = "transform.json"
# Of an object that Spark would misread where it lies, while it is read.
COPY = "input"
_QUARANTINE_PARTS = "quarantine-parts"


class StagingFolder:
    """A run's staging folder. Its report is written last: a folder without one is unfinished work."""

    def __init__(self, spark: SparkSession, uri: str) -> None:
        self._jvm: Any = spark._jvm  # pyright: ignore[reportPrivateUsage]
        self._conf: Any = spark._jsc.hadoopConfiguration()  # pyright: ignore[reportPrivateUsage]
        self._uri = uri.rstrip("/")
        self._files: Any = self._path("").getFileSystem(self._conf)

    def uri(self, name: str) -> str:
        """Where the file or folder of that name lies."""
        return f"{self._uri}/{name}"

    def clear(self) -> None:
        """Remove what an attempt that died has left; its report first, for it vouches for the rest."""
        for name in (REPORT, FIGURES, QUARANTINE, _QUARANTINE_PARTS, ACCEPTED, COPY):
            self._delete(name)

    def write_json(self, name: str, value: object) -> None:
        """Write a small file."""
        out: Any = self._files.create(self._path(name), True)
        try:
            out.write(bytearray(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()))
        finally:
            out.close()

    @property
    def quarantine_parts(self) -> str:
        """Where Spark, which writes folders only, is to leave the quarantine's lines as one text file."""
        return self.uri(_QUARANTINE_PARTS)

    def gather_quarantine(self) -> None:
        """Make the quarantine file of what lies in `quarantine_parts`."""
        parts = [status.getPath() for status in self._files.listStatus(self._path(_QUARANTINE_PARTS))]
        if len(parts) != 1 or not self._files.rename(parts[0], self._path(QUARANTINE)):
            raise OSError(f"the quarantine file could not be moved to {self.uri(QUARANTINE)}")
        self._delete(_QUARANTINE_PARTS)

    def _delete(self, name: str) -> None:
        path = self._path(name)
        if not self._files.delete(path, True) and self._files.exists(path):
            raise OSError(f"{self.uri(name)} could not be removed")

    def _path(self, name: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(self.uri(name) if name else f"{self._uri}/")


def read_text(spark: SparkSession, uri: str) -> str:
    """Read a small file. Raises the JVM's FileNotFoundException if there is none."""
    jvm: Any = spark._jvm  # pyright: ignore[reportPrivateUsage]
    path = jvm.org.apache.hadoop.fs.Path(uri)
    stream = path.getFileSystem(spark._jsc.hadoopConfiguration()).open(path)  # pyright: ignore[reportPrivateUsage]
    try:
        return jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8")
    finally:
        stream.close()
