"""CSV's rows one after another. Follows packages/record-transform/src/reading/csv-tokenizer.ts and csv-scanner.ts."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from transform_spark.refusal import MAX_RAW_BYTES, MAX_ROW_BYTES, row_too_large

BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"[\r\n]")
# The text of a quoted field from behind its opening quote, or from anywhere within, to its closing one.
_QUOTED_TEXT = re.compile(rb'[^"]*+(?:""[^"]*+)*+')


class CsvRow(NamedTuple):
    """A row without its line end. `unclosed`: of a quote that goes on to the end of the object, 64 KiB are kept."""

    text: bytes
    unclosed: bool


class CsvRows:
    """Cuts an object's bytes into rows, wherever the pieces end. Blank lines are none.

    A row with a broken quote ends at the next line end behind the fault; a quote that never closes makes one row to
    the end of the object. `offset` is the first byte's place in the object; a byte order mark must have been dropped.
    Raises Refused (`row_too_large`): the first row is the header and has no number.
    """

    def __init__(self, delimiter: str, offset: int = 0) -> None:
        mark = re.escape(delimiter.encode())
        field = rb'"[^"]*+(?:""[^"]*+)*+"|[^"\r\n' + mark + rb"]*+"
        self._row = re.compile(rb"(?:(?:" + field + rb")" + mark + rb")*+((?:" + field + rb")(?=[\r\n]))?+")
        self._bare = re.compile(rb'[^"\r\n' + mark + rb"]*+")
        self._mark = delimiter.encode()
        self._rest = b""
        # Where to go on within `rest`, in which state, and where the quote opened that `quoted` is in.
        self._at = 0
        self._state: Literal["field", "bare", "quoted", "broken"] = "field"
        self._opened = 0
        # Of a quote that is open beyond the largest row: its last byte, if that may close it. It is only followed.
        self._followed: bytes | None = None
        self._offset = offset
        self.rows = 0
        self.blank_lines = 0

    @property
    def pending(self) -> int:
        """How many bytes there are of a row that has not ended."""
        return len(self._rest)

    def push(self, piece: bytes) -> list[CsvRow]:
        """Return the rows that have ended."""
        if self._followed is not None:
            self._follow(self._followed + piece)
            return []
        return list(self._cut(self._rest + piece if self._rest else piece, final=False))

    def end(self) -> list[CsvRow]:
        """Return what is left, the object having ended."""
        if self._followed is not None:
            if self._followed:
                raise row_too_large(self.rows, self._offset)
            return [self._unclosed(self._rest)]
        return list(self._cut(self._rest, final=True))

    def _cut(self, text: bytes, final: bool) -> Iterator[CsvRow]:
        size = len(text)
        start = 0
        self._rest = b""
        while start < size:
            end = self._row_end(text, final)
            following = end if end is None or end == size else self._behind_line_end(text, end, final)
            if end is None or following is None:
                self._keep(text, start)
                break
            if end == start:
                self.blank_lines += 1
            elif final and end == size and self._state == "quoted":
                if self._opened - start > MAX_ROW_BYTES:
                    raise row_too_large(self.rows, self._offset + start)
                yield self._unclosed(text[start:])
            else:
                if end - start > MAX_ROW_BYTES:
                    raise row_too_large(self.rows, self._offset + start)
                self.rows += 1
                yield CsvRow(text[start:end], unclosed=False)
            start = self._at = following
            self._state = "field"
        else:
            self._at = 0
        self._offset += start

    def _row_end(self, text: bytes, final: bool) -> int | None:
        """Find where the row ends; `_at` and `_state` tell where to go on if that is not to be seen yet."""
        size = len(text)
        while True:
            if self._state == "field":
                fields = _matched(self._row, text, self._at)
                self._at = fields.end()
                if fields.lastindex:
                    return self._at
                if self._at == size:
                    return size if final else None
                self._state = "bare"
                if text[self._at] == 34:
                    self._state, self._opened = "quoted", self._at
                    self._at += 1
            elif self._state == "bare":
                self._at = _matched(self._bare, text, self._at).end()
                if self._at == size:
                    return size if final else None
                if text[self._at] in b"\r\n":
                    return self._at
                self._state = "broken"
                if text[self._at : self._at + 1] == self._mark:
                    self._state = "field"
                    self._at += 1
            elif self._state == "quoted":
                self._at = _matched(_QUOTED_TEXT, text, self._at).end()
                # Not closed, or by a quote that may be the first one of a pair.
                if self._at == size or (self._at == size - 1 and not final):
                    return size if final else None
                self._at += 1
                self._state = "broken"
                if text[self._at : self._at + 1] == self._mark:
                    self._state = "field"
                    self._at += 1
            else:
                line_end = _LINE_END.search(text, self._at)
                self._at = line_end.start() if line_end else size
                return self._at if line_end or final else None

    def _behind_line_end(self, text: bytes, end: int, final: bool) -> int | None:
        if text[end] == 10:
            return end + 1
        if end + 1 == len(text) and not final:
            return None
        return end + 2 if text[end + 1 : end + 2] == b"\n" else end + 1

    def _keep(self, text: bytes, start: int) -> None:
        self._rest = text[start:]
        self._at -= start
        self._opened -= start
        if len(self._rest) <= MAX_ROW_BYTES:
            return
        if self._state != "quoted" or self._opened > MAX_ROW_BYTES:
            raise row_too_large(self.rows, self._offset + start)
        # The offset is the row's from now on, which is where it is.
        seen, self._rest = self._rest[self._at :], self._rest[: MAX_RAW_BYTES + 1]
        self._follow(seen)

    def _follow(self, text: bytes) -> None:
        self._followed = text[_matched(_QUOTED_TEXT, text, 0).end() :]
        if len(self._followed) > 1:
            raise row_too_large(self.rows, self._offset)

    def _unclosed(self, text: bytes) -> CsvRow:
        self.rows += 1
        end = len(text)
        if end > MAX_RAW_BYTES:
            # A character that the cut would split is left out; it has at most four bytes.
            end = MAX_RAW_BYTES
            while end > MAX_RAW_BYTES - 4 and text[end] & 0xC0 == 0x80:
                end -= 1
        return CsvRow(text[:end], unclosed=True)


def _matched(pattern: re.Pattern[bytes], text: bytes, at: int) -> re.Match[bytes]:
    found = pattern.match(text, at)
    assert found, "the pattern matches nothing, too"
    return found
