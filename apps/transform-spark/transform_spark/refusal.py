"""Why an object cannot be taken as a whole. The codes are in docs/semantics.md."""

import json
import re
from typing import Self

# A larger row refuses its object; it is what a reader may have to hold in memory.
MAX_ROW_BYTES = 16 * 1024 * 1024
# How much is kept of a row that an unclosed quote stretches to the end of the object.
MAX_RAW_BYTES = 64 * 1024
MAX_HEADER_BYTES = 1024 * 1024

# An exception of a Python worker comes to the driver as text.
_IN_TEXT = re.compile(r'refused (\{"code": ".*"\})')
# Thrown by the decompressor itself; what it passes on (a network that fails) is no damage.
_GZIP_DAMAGE = re.compile(r"[\w.$]+Exception: ([^\n]*)\n\s*at org\.apache\.hadoop\.io\.compress\.")
_PARQUET_DAMAGE = re.compile(
    r"([^\s:]+ is not a Parquet file[^\n]*|corrupted file: [^\n]*|can not read class org\.apache\.parquet\.format[^\n]*"
    r"|(?<=org\.apache\.parquet\.io\.ParquetDecodingException: )[^\n]*)"
)
# Java's words for damage, and zlib's, which the other engines tell.
_DAMAGE = (
    ("Unexpected end of", "unexpected end of file"),
    ("CRC", "incorrect data check"),
    ("incorrect data check", "incorrect data check"),
    ("not a gzip file", "incorrect header check"),
    ("incorrect header check", "incorrect header check"),
)


class Refused(Exception):
    """Nothing of the object may be taken. `message` is one clear line for the person who sent it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """Write it so that `found_in` finds it in what Spark tells of a failed task."""
        return f"refused {json.dumps({'code': self.code, 'message': self.message})}"

    @classmethod
    def found_in(cls, error: BaseException) -> Self | None:
        """Find the refusal behind a failed action: a worker's, or damage that Hadoop met in a gzip stream."""
        if isinstance(error, cls):
            return error
        text = f"{error}\n{getattr(error, '_stackTrace', '')}"
        told = _IN_TEXT.search(text)
        if told:
            refusal = json.loads(told[1])
            return cls(refusal["code"], refusal["message"])
        damage = _GZIP_DAMAGE.search(text)
        if damage:
            return cls(*corrupt_gzip(damage[1]).args)
        damage = _PARQUET_DAMAGE.search(text)
        if damage:
            return cls(
                "corrupt_parquet", f"the object is named as Parquet, but cannot be read as such: {damage[1]}"
            )
        return None


def corrupt_gzip(detail: str) -> Refused:
    """Refuse a gzip stream; `detail` is what the library that met the damage says."""
    known = next((words for sign, words in _DAMAGE if sign in detail), None)
    return Refused(
        "corrupt_gzip",
        f"the object is gzipped, but cut off or damaged ({known or 'invalid compressed data'})",
    )


def row_too_large(row: int, offset: int) -> Refused:
    """Refuse an object for the row of this number, which begins at this byte of the decompressed object."""
    return Refused("row_too_large", f"row {row} (at byte {offset}) is larger than 16 MiB")


def quoted(name: str) -> str:
    """Write a name as JavaScript's JSON.stringify does, so that the engines' messages are equal."""
    return json.dumps(name, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
