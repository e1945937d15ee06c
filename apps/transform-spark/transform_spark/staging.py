"""The folder that the work is left in, through Hadoop's file systems: S3 on AWS, a disk here."""

import json

from pyspark.sql import SparkSession

from transform_spark.objects import delete, located, stored_bytes

ACCEPTED = "accepted-rows"
QUARANTINE = "quarantine.jsonl"
FIGURES = "figures.json"
REPORT = "transform.json"
# What the merge of the rows into their table did.
MERGED = "merged.json"
# Of an object that Spark would misread where it lies, while it is read.
COPY = "input"
_QUARANTINE_PARTS = "quarantine-parts"


class StagingFolder:
    """A run's staging folder. Its report is written last: a folder without one is unfinished work."""

    def __init__(self, spark: SparkSession, uri: str) -> None:
        self._spark = spark
        self._uri = uri.rstrip("/")

    def uri(self, name: str) -> str:
        """Where the file or folder of that name lies."""
        return f"{self._uri}/{name}"

    def clear(self) -> None:
        """Remove what an attempt that died has left; its report first, for it vouches for the rest."""
        for name in (MERGED, REPORT, FIGURES, QUARANTINE, _QUARANTINE_PARTS, ACCEPTED, COPY):
            delete(self._spark, self.uri(name))

    def write_json(self, name: str, value: object) -> None:
        """Write a small file."""
        files, path = located(self._spark, self.uri(name))
        out = files.create(path, True)
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
        files, folder = located(self._spark, self.quarantine_parts)
        parts = [
            one.getPath() for one in files.listStatus(folder) if one.getPath().getName().startswith("part-")
        ]
        _, to = located(self._spark, self.uri(QUARANTINE))
        if len(parts) != 1 or not files.rename(parts[0], to):
            raise OSError(f"the quarantine file could not be moved to {self.uri(QUARANTINE)}")
        delete(self._spark, self.quarantine_parts)


def read_text(spark: SparkSession, uri: str) -> str:
    """Read a small file. Raises the JVM's FileNotFoundException if there is none."""
    return b"".join(stored_bytes(spark, uri)).decode()
