"""Where an object's bytes are read from."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from transform_spark.objects import delete, place_object, stored_bytes, unzipped_bytes
from transform_spark.refusal import Refused


class FakeS3:
    """Knows of one version, and writes down what is copied."""

    class exceptions:
        """As of a client of boto3."""

        class ClientError(Exception):
            """An error of S3's."""

    def __init__(self, current: str) -> None:
        self.current = current
        self.copies: list[Any] = []

    def head_object(self, **_request: str) -> dict[str, str]:
        """Tell the current version."""
        return {"VersionId": self.current}

    def copy(self, source: dict[str, str], bucket: str, key: str, **_settings: object) -> None:
        """Write down what would be copied."""
        self.copies.append((source, bucket, key))
        raise InterruptedError("far enough")


def test_an_object_of_a_plain_name_is_read_where_it_is(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "dt=2024-01-01" / "in.csv"
    path.parent.mkdir()
    path.write_bytes(b"a\n1\n")
    assert place_object(spark, str(path), "in.csv", str(tmp_path / "copies")) == str(path)
    assert not (tmp_path / "copies").exists()


def test_a_copy_is_made_where_name_and_content_disagree_and_can_be_removed(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(gzip.compress(b"a\n1\n"))
    copies = tmp_path / "copies"
    assert place_object(spark, str(path), "in.csv", str(copies)) == f"{copies}/object.gz"
    assert list(copies.iterdir()) == [copies / "object.gz"]
    delete(spark, str(copies))
    delete(spark, str(copies))
    assert not copies.exists()


def test_a_version_that_is_not_the_current_one_is_copied_on_s3(spark: SparkSession) -> None:
    s3 = FakeS3(current="v2")
    with pytest.raises(InterruptedError):
        place_object(
            spark, "s3://raw/orders/a b.csv", "a b.csv", "s3://curated/staging/r/input", "v1", lambda: s3
        )
    source = {"Bucket": "raw", "Key": "orders/a b.csv", "VersionId": "v1"}
    assert s3.copies == [(source, "curated", "staging/r/input/version")]


def test_gzip_is_unzipped_member_by_member_wherever_chunks_end() -> None:
    data = gzip.compress(b"a\n1\n") + gzip.compress(b"2\n")
    for size in (2, 3, 7, 1000):
        chunks = iter([data[at : at + size] for at in range(0, len(data), size)])
        assert b"".join(unzipped_bytes(chunks)) == b"a\n1\n2\n"
    assert b"".join(unzipped_bytes(iter([b"a", b"b"]))) == b"ab"


@pytest.mark.parametrize("end", [3, 12, -1])
def test_gzip_that_is_cut_off_is_refused(end: int) -> None:
    with pytest.raises(Refused, match="unexpected end of file"):
        list(unzipped_bytes(iter([gzip.compress(b"a\n1\n")[:end]])))


def test_bytes_come_as_they_are_asked_for(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(b"x" * 1_000_000)
    chunks = stored_bytes(spark, str(path))
    assert 0 < len(next(chunks)) < 1_000_000
    assert sum(len(chunk) for chunk in chunks) < 1_000_000
