"""An object, whatever its format. Follows packages/record-transform/src/reading/{row-reader,object-format}.ts."""

import itertools
import re

from pyspark.sql import SparkSession

from transform_spark.objects import StoredObject, is_gzip, stored_bytes, unzipped_bytes
from transform_spark.plan import ReadPlan
from transform_spark.read_csv import read_csv
from transform_spark.read_json import read_json
from transform_spark.read_parquet import read_parquet
from transform_spark.read_rows import ReadRows
from transform_spark.refusal import Refused, quoted

_EXTENSIONS = {
    "csv": "csv",
    "txt": "csv",
    "json": "json",
    "jsonl": "json",
    "ndjson": "json",
    "parquet": "parquet",
}
_HEAD_BYTES = 512
# What people send by mistake; from the formats' own specifications.
_SIGNATURES = (
    (b"PAR1", "Parquet"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word file"),
    (b"\x1f\x8b", "gzipped twice"),
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Obj\x01", "Avro"),
    (b"\xff\xfe", "text in UTF-16 (save it as UTF-8)"),
    (b"\xfe\xff", "text in UTF-16 (save it as UTF-8)"),
)
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")


def format_of_key(plan: ReadPlan, key: str) -> str:
    """Tell the format that a key promises. Raises Refused (`wrong_format`)."""
    extension = re.search(r"\.([a-z]+)(?:\.gz)?\Z", key.lower())
    found = _EXTENSIONS.get(extension[1]) if extension else None
    if found is None:
        known = ", ".join(f".{one}" for one in _EXTENSIONS)
        raise Refused("wrong_format", f"the name {quoted(key)} ends in none of {known} (each also with .gz)")
    if found not in plan.formats:
        raise Refused(
            "wrong_format",
            f"the dataset {plan.dataset} takes {', '.join(plan.formats)}, and {quoted(key)} is {found}",
        )
    return found


def check_content(promised: str, head: bytes) -> None:
    """Check an object's first bytes, gunzipped. Raises Refused (`wrong_format`, `empty_object`)."""
    if not head:
        raise Refused("empty_object", "the object is empty")
    found = next((what for magic, what in _SIGNATURES if head.startswith(magic)), None)
    if promised == "parquet":
        if found != "Parquet":
            raise Refused(
                "wrong_format", f"the object is named as Parquet, but its content is {found or 'not'}"
            )
        return
    what = found or ("binary" if _looks_binary(head[:_HEAD_BYTES]) else None)
    if what:
        name = "CSV" if promised == "csv" else "JSON"
        raise Refused("wrong_format", f"the object is named as {name}, but its content is {what}")


def _looks_binary(head: bytes) -> bool:
    """A few control characters are data; a third of the first bytes is no text."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls >= 32 and controls * 3 > len(head)


def read_object(
    spark: SparkSession, plan: ReadPlan, uri: str, key: str, *, line_breaks_in_quotes: bool = False
) -> ReadRows:
    """Read the rows of the object that lies at `uri` (see `objects.readable_uri`).

    If rows of the frame have the problem `open_quote`, the object must be read once more with `line_breaks_in_quotes`,
    in one task. Raises Refused, and the frame's actions may fail for a refusal: `Refused.found_in` tells.
    """
    promised = format_of_key(plan, key)
    lying = stored_bytes(spark, uri)
    first = next(lying, b"")
    stored = StoredObject(uri, is_gzip(first))
    chunks = unzipped_bytes(itertools.chain((first,), lying))
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    check_content(promised, head)
    chunks = itertools.chain((head,), chunks)
    if promised == "parquet":
        return read_parquet(spark, plan, stored)
    read = read_csv if promised == "csv" else read_json
    return read(spark, plan, stored, chunks, in_order=line_breaks_in_quotes)
