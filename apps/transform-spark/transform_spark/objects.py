"""Where an object's bytes lie: through Hadoop's FileSystem, which knows the same addresses as Spark."""

import importlib
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from transform_spark.refusal import corrupt_gzip

_CHUNK_BYTES = 256 * 1024
_GZIP = b"\x1f\x8b"
# An address in which nothing is a pattern, hidden or encoded.
_PLAIN = re.compile(r"([a-z0-9]+:/*)?([A-Za-z0-9._=@+,-]+/|/)*[A-Za-z0-9][A-Za-z0-9.=@+,_-]*")


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
    files = path.getFileSystem(context.hadoopConfiguration())
    # On a disk, Hadoop keeps a checksum beside each file, for which it cannot even name all files.
    return (files.getRawFileSystem() if files.getScheme() == "file" else files), path


def delete(spark: SparkSession, uri: str) -> None:
    """Remove a file, or a folder and all that is in it; nothing happens if there is none."""
    files, path = located(spark, uri)
    files.delete(path, True)


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


def place_object(
    spark: SparkSession,
    uri: str,
    key: str,
    folder: str,
    version_id: str | None = None,
    s3_client: Callable[[], Any] = lambda: importlib.import_module("boto3").client("s3"),
) -> str:
    """Return an address of the object that Spark reads as it is meant.

    That is `uri` itself, or else a copy in `folder`: Spark takes some names for patterns or hidden files, unzips by
    name, and knows no versions. On S3 the copy is made by S3. Raises Refused (`corrupt_gzip`).
    """
    on_s3 = re.fullmatch(r"s3[an]?://([^/]+)/(.+)", uri, re.DOTALL)
    version = version_id if on_s3 and version_id and not _is_current(s3_client(), on_s3, version_id) else None
    if on_s3 and version:
        # Which version is gzipped its bytes tell, and Spark reads them under a name that does not.
        uri = _copy_on_s3(s3_client(), on_s3, f"{folder}/version", version)
    zipped = is_gzip(next(stored_bytes(spark, uri), b""))
    is_parquet = re.search(r"\.parquet(\.gz)?\Z", key.lower()) is not None
    if zipped and is_parquet:
        return _unzipped_copy(spark, uri, f"{folder}/object.parquet")
    if _PLAIN.fullmatch(uri) and uri.endswith(".gz") == zipped:
        return uri
    to = f"{folder}/object{'.gz' if zipped else ''}"
    found = re.fullmatch(r"s3[an]?://([^/]+)/(.+)", uri, re.DOTALL)
    return _copy_on_s3(s3_client(), found, to, None) if found else _copied(spark, uri, to)


def _is_current(client: Any, found: re.Match[str], version_id: str) -> bool:
    try:
        return client.head_object(Bucket=found[1], Key=found[2]).get("VersionId") == version_id
    except client.exceptions.ClientError as error:
        # Its newest version may be its deletion.
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            return False
        raise


def _copy_on_s3(client: Any, found: re.Match[str], to: str, version_id: str | None) -> str:
    target = re.fullmatch(r"s3[an]?://([^/]+)/(.+)", to)
    if not target:
        raise ValueError(f"an object on S3 is copied on S3, and {to} is not there")
    source = {"Bucket": found[1], "Key": found[2], **({"VersionId": version_id} if version_id else {})}
    # Neither tags nor metadata are needed, nor the permissions that they take.
    bare = {"TaggingDirective": "REPLACE", "MetadataDirective": "REPLACE"}
    client.copy(source, target[1], target[2], ExtraArgs=bare)
    return to


def _copied(spark: SparkSession, uri: str, to: str) -> str:
    source_files, source = located(spark, uri)
    files, path = located(spark, to)
    java(spark).org.apache.hadoop.fs.FileUtil.copy(
        source_files, source, files, path, False, True, files.getConf()
    )
    return to


def _unzipped_copy(spark: SparkSession, uri: str, to: str) -> str:
    """Unzip within the JVM: a Parquet file is read from its end."""
    source_files, source = located(spark, uri)
    files, path = located(spark, to)
    jvm = java(spark)
    stream = source_files.open(source)
    try:
        jvm.org.apache.hadoop.io.IOUtils.copyBytes(
            jvm.java.util.zip.GZIPInputStream(stream), files.create(path, True), 1024 * 1024, True
        )
    except Py4JJavaError as error:
        cause = error.java_exception
        if cause.getClass().getName() in ("java.util.zip.ZipException", "java.io.EOFException"):
            raise corrupt_gzip(str(cause.getMessage())) from None
        raise
    finally:
        stream.close()
    return to
