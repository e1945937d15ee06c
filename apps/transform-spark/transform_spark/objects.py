"""Files through Hadoop's FileSystem, which knows the same addresses as Spark."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession

from transform_spark.refusal import corrupt_gzip

_CHUNK_BYTES = 256 * 1024
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class StoredObject:
    """Where an object's bytes lie, and whether they are gzipped."""

    uri: str
    zipped: bool


def java(spark: SparkSession) -> Any:
    """Return the JVM."""
    return spark.sparkContext._jvm  # pyright: ignore[reportPrivateUsage]


def located(spark: SparkSession, uri: str) -> tuple[Any, Any]:
    """Return the file system of an address, and the path in it."""
    path = java(spark).org.apache.hadoop.fs.Path(uri)
    context: Any = spark.sparkContext._jsc  # pyright: ignore[reportPrivateUsage]
    return path.getFileSystem(context.hadoopConfiguration()), path


def read_file(spark: SparkSession, uri: str) -> bytes:
    """Return a small file's bytes."""
    return b"".join(stored_bytes(spark, uri))


def write_file(spark: SparkSession, uri: str, content: bytes) -> None:
    """Write a small file, in place of any that is there."""
    files, path = located(spark, uri)
    stream = files.create(path, True)
    try:
        stream.write(content)
    finally:
        stream.close()


def exists(spark: SparkSession, uri: str) -> bool:
    """Say whether there is a file or folder."""
    files, path = located(spark, uri)
    return bool(files.exists(path))


def delete(spark: SparkSession, uri: str) -> None:
    """Remove a file, or a folder and all that is in it; nothing happens if there is none."""
    files, path = located(spark, uri)
    files.delete(path, True)


def rename(spark: SparkSession, uri: str, to: str) -> None:
    """Move a file or folder. Raises OSError if that was not done, which Hadoop only says in its result."""
    files, path = located(spark, uri)
    if not files.rename(path, java(spark).org.apache.hadoop.fs.Path(to)):
        raise OSError(f"{uri} could not be moved to {to}")


def file_names(spark: SparkSession, uri: str) -> list[str]:
    """List the names within a folder, sorted; none if there is no such folder."""
    files, path = located(spark, uri)
    if not files.exists(path):
        return []
    return sorted(str(one.getPath().getName()) for one in files.listStatus(path))


def file_size(spark: SparkSession, uri: str) -> int:
    """Return a file's size in bytes."""
    files, path = located(spark, uri)
    return int(files.getFileStatus(path).getLen())


def last_bytes(spark: SparkSession, uri: str, count: int) -> bytes:
    """Return a file's last bytes, or all if it has fewer."""
    files, path = located(spark, uri)
    stream = files.open(path)
    try:
        stream.seek(max(0, int(files.getFileStatus(path).getLen()) - count))
        return bytes(stream.readNBytes(count))
    finally:
        stream.close()


def stored_bytes(spark: SparkSession, uri: str) -> Iterator[bytes]:
    """Yield a file's bytes as they lie there, no more than are asked for."""
    files, path = located(spark, uri)
    stream = files.open(path)
    try:
        while chunk := bytes(stream.readNBytes(_CHUNK_BYTES)):
            yield chunk
    finally:
        stream.close()


def is_gzip(first: bytes) -> bool:
    """Tell by the first bytes."""
    return first.startswith(_GZIP)


def unzipped_bytes(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the bytes, gunzipped (all members) if they are gzip. Raises Refused (`corrupt_gzip`) at the damage."""
    first = next(chunks, b"")
    if not is_gzip(first):
        yield first
        yield from chunks
        return
    inflate = zlib.decompressobj(wbits=31)
    chunk = first
    try:
        while chunk:
            if inflate.eof:
                inflate = zlib.decompressobj(wbits=31)
            out = inflate.decompress(chunk, _CHUNK_BYTES)
            if out:
                yield out
            chunk = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            chunk = chunk or next(chunks, b"")
    except zlib.error as damage:
        raise corrupt_gzip(str(damage)) from None
    if not inflate.eof:
        raise corrupt_gzip("Unexpected end of file")
