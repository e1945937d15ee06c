"""JSON's rows. Follows packages/record-transform/src/reading/json-{splitter,record,members}.ts."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NoReturn

from transform_spark.deep_json import Nested, parse_deep
from transform_spark.header import unknown_column
from transform_spark.plan import ReadPlan
from transform_spark.refusal import MAX_ROW_BYTES, Refused, row_too_large

BLANKS = b" \t\r\n"

# A row as it came, and its number.
NumberedRow = tuple[bytes, int]

_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_BLANKS_IN_TEXT = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(rb'[\[\]{}",]')
# From anywhere within a string to its closing quote, or to what cannot be decided yet.
_STRING_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
# An object without arrays and objects in it: one step instead of one for each of its strings.
_FLAT_OBJECT = re.compile(rb'\{[^{}\[\]"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^{}\[\]"]*+)*+\}', re.DOTALL)


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decoder = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_refuse_constant)


def _parsed(text: str) -> Any:
    """Return what a text says; a number is a _Number. Raises ValueError."""
    try:
        return _decoder.decode(text)
    except RecursionError:
        return parse_deep(text, _decoder.decode)


def broken_array(where: str) -> Refused:
    """Refuse an array in which nobody can tell where its next row begins."""
    return Refused("broken_array", f"the JSON array is broken {where}")


class JsonJudge:
    """Reads the declared fields of one text after another.

    Undeclared keys get into `unknown`, in their order, up to as many as are reported.
    """

    def __init__(self, plan: ReadPlan, most_unknown: int) -> None:
        self._plan = plan
        self._fields = [(field.source, field.json) for field in plan.fields]
        self._declared = {field.source for field in plan.fields}
        self._most_unknown = most_unknown
        self.unknown: dict[str, None] = {}

    def judge(self, row: bytes, element: int | None = None) -> tuple[str | None, ...]:
        """Return a row's problem, its text (if there is a problem), and the cells.

        `element`: the row's number within an array. Raises Refused (`unknown_column`, `broken_array`).
        """
        try:
            text, is_utf8 = row.decode(), True
        except UnicodeDecodeError:
            text, is_utf8 = row.decode(errors="replace"), False
        value: Any = None
        try:
            value, is_json = _parsed(text), True
        except ValueError:
            is_json = False
        if not is_json and element is not None:
            raise broken_array(f"in its element {element}")
        if not is_utf8:
            problem = "invalid_utf8"
        elif not is_json:
            problem = "not_json"
        elif not isinstance(value, dict):
            problem = "not_an_object"
        else:
            found = self._cells(value, text)
            if not isinstance(found, str):
                return (None, None, *found)
            problem = found
        return (problem, text, *([None] * len(self._fields)))

    def _cells(self, members: dict[str, Any], text: str) -> list[str | None] | str:
        cells: list[str | None] = []
        escapes = "\\u" in text
        nested = False
        sources: dict[str, str] | None = None
        for source, takes_json in self._fields:
            value = members.get(source)
            kind = type(value)
            if value is None or kind is str:
                if escapes and value is not None and not _is_well_formed(value):
                    return "invalid_utf8"
                cells.append(value)
            elif kind is _Number:
                cells.append(str(value))
            elif kind is bool:
                cells.append("true" if value else "false")
            elif takes_json:
                if kind is not Nested and sources is None:
                    sources = dict(_members(text))
                cells.append(str(value) if sources is None else sources[source])
            else:
                nested = True
        for key in members:
            if key not in self._declared:
                self._note(key)
        return "nested_value" if nested else cells

    def _note(self, key: str) -> None:
        if self._plan.unknown_columns == "reject":
            raise unknown_column(key, self._plan)
        if len(self.unknown) < self._most_unknown:
            self.unknown[key] = None


def _is_well_formed(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _members(text: str) -> Iterator[tuple[str, str]]:
    at = _behind_blanks(text, _behind_blanks(text, 0) + 1)
    while text[at] == '"':
        key, at = _decoder.raw_decode(text, at)
        at = _behind_blanks(text, _behind_blanks(text, at) + 1)
        _, end = _decoder.raw_decode(text, at)
        yield key, text[at:end]
        at = _behind_blanks(text, end)
        if text[at] == ",":
            at = _behind_blanks(text, at + 1)


def _behind_blanks(text: str, at: int) -> int:
    blanks = _BLANKS_IN_TEXT.match(text, at)
    assert blanks, "the pattern matches nothing, too"
    return blanks.end()


class JsonLines:
    """Cuts an object's bytes into its lines, but for those of blanks. Raises Refused (`row_too_large`)."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._size = 0
        self._offset = 0
        self._rows = 0

    def push(self, piece: bytes) -> Iterator[NumberedRow]:
        """Yield the lines that have ended."""
        first, *others = piece.split(b"\n")
        self._add(first)
        for line in others:
            yield from self.end()
            self._rest, self._size = [], 0
            self._add(line)

    def end(self) -> Iterator[NumberedRow]:
        """Yield the last line, the object having ended."""
        line = b"".join(self._rest)
        self._offset += len(line) + 1
        if line.strip(BLANKS):
            self._rows += 1
            yield line, self._rows

    def _add(self, part: bytes) -> None:
        self._rest.append(part)
        self._size += len(part)
        if self._size > MAX_ROW_BYTES:
            raise row_too_large(self._rows + 1, self._offset)


class JsonArray:
    """Cuts an array into the texts of its elements. What is between them is checked here; they themselves are not.

    Raises Refused (`broken_array`, `row_too_large`).
    """

    def __init__(self) -> None:
        self._rest = b""
        self._at = 0
        self._offset = 0
        self._place: Literal["outside", "before", "within", "behind"] = "outside"
        self._depth = 0
        self._in_string = False
        self.rows = 0

    def push(self, piece: bytes) -> Iterator[NumberedRow]:
        """Yield the elements that have ended."""
        text = self._rest + piece if self._rest else piece
        start = 0
        at = self._at
        while True:
            if self._place != "within":
                mark = _NOT_BLANK.search(text, at)
                if not mark:
                    start = len(text)
                    break
                start = at = mark.start()
                at += self._enter(text[at], self._offset + at)
                continue
            end = self._element_end(text, start, at)
            if end is None:
                at = self._at
                if len(text) - start > MAX_ROW_BYTES:
                    raise row_too_large(self.rows + 1, self._offset + start)
                break
            self.rows += 1
            if end - start > MAX_ROW_BYTES:
                raise row_too_large(self.rows, self._offset + start)
            yield text[start:end], self.rows
            self._place = "before" if text[end] == 44 else "behind"
            start = at = end + 1
        self._rest = text[start:]
        self._at = max(at - start, 0) if self._place == "within" else 0
        self._offset += start

    def end(self) -> None:
        """Check that the array has ended."""
        if self._place != "behind":
            raise broken_array("off: its closing bracket is missing")

    def _enter(self, byte: int, offset: int) -> int:
        """Take what is between elements; return how many bytes that was."""
        if self._place == "outside":
            self._place = "before"
            return 1
        if self._place == "behind":
            raise broken_array(f": there is more behind its end, at byte {offset}")
        if byte == 93 and self.rows == 0:
            self._place = "behind"
            return 1
        if byte in b",]":
            raise broken_array(f"at byte {offset}: an element is missing")
        self._place = "within"
        return 0

    def _element_end(self, text: bytes, start: int, at: int) -> int | None:
        """Find where the element ends, or note how far it has been seen."""
        if at == start:
            flat = _FLAT_OBJECT.match(text, at)
            at = flat.end() if flat else at
        while True:
            if self._in_string:
                inside = _STRING_TEXT.match(text, at)
                assert inside, "the pattern matches nothing, too"
                at = inside.end()
                if text[at : at + 1] != b'"':
                    self._at = at
                    return None
                self._in_string = False
                at += 1
            token = _TOKEN.search(text, at)
            if not token:
                self._at = len(text)
                return None
            at = token.end()
            byte = text[at - 1]
            if byte == 34:
                self._in_string = True
            elif byte in b"[{":
                self._depth += 1
            elif self._depth > 0:
                self._depth -= byte in b"]}"
            elif byte in b",]":
                return at - 1
