"""Rows of CSV, found one after another."""

import random

import pytest
from reference_csv import rows_of

from transform_spark.csv_rows import CsvRow, CsvRows
from transform_spark.refusal import MAX_ROW_BYTES, Refused

ALPHABET = [b'"', b'"', b",", b"\n", b"\r", b"\r\n", b"a", b"\xc3\xa9", b"\xff"]


def cut(data: bytes, piece: int, delimiter: str = ",") -> list[CsvRow]:
    """Cut the data into rows, given piece by piece."""
    rows = CsvRows(delimiter)
    found: list[CsvRow] = []
    for at in range(0, len(data), piece):
        found += rows.push(data[at : at + piece])
    return found + rows.end()


def test_rows_are_those_of_a_plain_reader_wherever_pieces_end() -> None:
    chance = random.Random(8)
    for _ in range(3000):
        data = b"".join(chance.choices(ALPHABET, k=chance.randrange(20)))
        expected = [text for text, _ in rows_of(data, b",")]
        for piece in (1, 2, 3, 100):
            assert [row.text for row in cut(data, piece)] == expected, data


@pytest.mark.parametrize("delimiter", ["\t", "|", "^", "]", "\\", "-", " ", "a", "."])
def test_any_delimiter_parts_fields(delimiter: str) -> None:
    mark = delimiter.encode()
    data = b"1" + mark + b'"x' + mark + b'\ny"\n"z' + mark + b"2"
    assert cut(data, 3, delimiter) == [
        CsvRow(b"1" + mark + b'"x' + mark + b'\ny"', unclosed=False),
        CsvRow(b'"z' + mark + b"2", unclosed=True),
    ]


def test_an_unclosed_quote_keeps_64_kib_cut_between_characters() -> None:
    (row,) = cut(b'"a' + "é".encode() * 40_000, 1000)
    assert row == CsvRow(b'"a' + "é".encode() * 32767, unclosed=True)
    (row,) = cut(b'"' + "é".encode() * 40_000, 1000)
    assert row == CsvRow(b'"' + "é".encode() * 32767, unclosed=True)


def test_an_unclosed_quote_may_go_on_beyond_the_largest_row_and_is_not_held() -> None:
    rows = CsvRows(",")
    rows.push(b'h\n1,"')
    for _ in range(40):
        assert rows.push(b'""x\n' * 250_000) == []
    assert rows.pending < 100_000
    (row,) = rows.end()
    assert row.unclosed
    assert row.text.startswith(b'1,"""x\n')


@pytest.mark.parametrize(
    "row",
    [
        b"x" * (MAX_ROW_BYTES + 1),
        b"1," + b'"' + b"x\n" * (MAX_ROW_BYTES // 2) + b'"',
        b"x" * MAX_ROW_BYTES + b',"open',
        b'a"' + b"x" * MAX_ROW_BYTES,
    ],
    ids=["bare", "quoted", "a quote that opens too late", "broken"],
)
@pytest.mark.parametrize("piece", [1_000_000, 1 << 25])
def test_a_row_above_16_mib_refuses_the_object(row: bytes, piece: int) -> None:
    with pytest.raises(Refused) as refused:
        cut(b"h\n1\n" + row + b"\n2\n", piece)
    assert refused.value.code == "row_too_large"
    assert refused.value.message == "row 2 (at byte 4) is larger than 16 MiB"


def test_a_row_of_16_mib_is_taken() -> None:
    assert len(cut(b"h\n" + b"x" * MAX_ROW_BYTES + b"\n", 1_000_000)) == 2
