"""CSV, as Spark reads it."""

import gzip
import random

import pytest
from reading import Reader, Row, plan_of
from reference_csv import rows_of

ABC = plan_of("a", "b", "c")
ALPHABET = [
    b'"',
    b"x",
    b"x",
    b",",
    b",",
    b"\n",
    b"\n",
    b"\r",
    b"\r\n",
    b"\xc3\xa9",
    b"\xff",
    b"\xed\xa0\x80",
    b"\0",
    b" ",
]
QUOTED = [b'"y"', b'"y,z"', b'"y""z"', b'"y\nz"', b'""']


def expected(data: bytes, delimiter: bytes, columns: int) -> list[Row]:
    """Say by the plain reader what there is behind the header; the columns are all declared, in their order."""
    rows: list[Row] = []
    for text, fields in rows_of(data, delimiter)[1:]:
        raw = text.decode(errors="replace")
        if fields is None:
            rows.append(("malformed_quote", raw))
        elif "\ufffd" in raw:
            rows.append(("invalid_utf8", raw))
        elif len(fields) != columns:
            rows.append(("wrong_field_count", raw))
        else:
            rows.append(tuple(field.decode() for field in fields))
    return rows


def test_rows_are_those_of_a_plain_reader_wherever_splits_end(reader: Reader, small_splits: int) -> None:
    chance = random.Random(8)
    for most_quotes in (0, 4):
        pieces = (
            ALPHABET[1:] + QUOTED[:most_quotes] if most_quotes else [one for one in ALPHABET if one != b'"']
        )
        data = b"a,b,c\n" + b"".join(
            b"".join(chance.choices(pieces, k=chance.randrange(9)))
            + chance.choice([b"\n", b"1,2,3\r\n", b"1,,\r"])
            for _ in range(120)
        )
        rows, _ = reader.rows(data, ABC)
        assert len(data) > 10 * small_splits
        assert rows == expected(data, b",", 3)


def test_stray_quotes_are_told_as_by_a_plain_reader(reader: Reader) -> None:
    chance = random.Random(3)
    for _ in range(2):
        body = b"".join(chance.choices(ALPHABET + QUOTED, k=80))
        data = b"a,b,c\n1,2,3\n" + body
        assert reader.rows(data, ABC)[0] == expected(data, b",", 3), data
        assert reader.rows(gzip.compress(data), ABC, "in.csv.gz")[0] == expected(data, b",", 3), data


@pytest.mark.parametrize("delimiter", ["\t", "|", "^", "\\", "n"])
def test_any_delimiter_parts_fields(reader: Reader, delimiter: str) -> None:
    data = 'a,b,c\n1,,"x,""y"\n,"",\n1,2\n1,"2,3\n'.replace(",", delimiter).encode()
    plan = plan_of("a", "b", "c", delimiter=delimiter)
    assert reader.rows(data, plan)[0] == expected(data, delimiter.encode(), 3)


def test_an_object_without_open_quotes_is_read_once(reader: Reader) -> None:
    reader.rows(b'a,b\n"1","x,y"\n1"2,3\n', plan_of("a", "b"))
    assert reader.reads == 1


def test_line_breaks_in_the_first_quotes_are_seen_before_reading(reader: Reader) -> None:
    rows, _ = reader.rows(b'a,b\n1,"x\ny"\n2,z\n', plan_of("a", "b"))
    assert rows == [("1", "x\ny"), ("2", "z")]
    assert reader.reads == 1


def test_line_breaks_in_later_quotes_take_a_second_read(reader: Reader) -> None:
    start = b"a,b\n" + b"1,2\n" * 70_000
    rows, _ = reader.rows(start + b'1,"x\r\ny"\n2,z', plan_of("a", "b"))
    assert rows[70_000:] == [("1", "x\r\ny"), ("2", "z")]
    assert reader.reads == 2


def test_columns_are_found_by_name_and_absent_ones_are_null(reader: Reader) -> None:
    rows, unknown = reader.rows(b'x,c,"a",x,\n1,2,3,4,5\n', ABC)
    assert rows == [("3", None, "2")]
    assert unknown == ["x", ""]


def test_blank_lines_and_one_byte_order_mark_are_skipped(reader: Reader) -> None:
    data = b'\xef\xbb\xbf\r\n\n\ra\n\n1\n \n\r\n""\n2'
    for stored in (data, gzip.compress(data[:10]) + gzip.compress(data[10:])):
        assert reader.rows(stored, plan_of("a"))[0] == [("1",), (" ",), ("",), ("2",)]
    assert reader.rows(b"\xef\xbb\xbf\xef\xbb\xbfx,a\n1,2\n", plan_of("a")) == ([("2",)], ["\ufeffx"])


def test_many_blank_lines_before_the_header_are_skipped(reader: Reader) -> None:
    assert reader.rows(b"\r\n" * 70_000 + b"a\n1\n\n2\n", plan_of("a"))[0] == [("1",), ("2",)]


def test_a_header_may_hold_line_breaks(reader: Reader) -> None:
    rows, unknown = reader.rows(b'"a\nb","say ""c"""\n1,2\n', plan_of("a\nb"))
    assert (rows, unknown) == ([("1",)], ['say "c"'])


def test_an_object_may_be_a_header_alone(reader: Reader) -> None:
    assert reader.rows(b"a,b", plan_of("a", "b"))[0] == []


def test_bytes_that_are_no_utf8_become_one_mark_each_or_one_for_a_cut_character(reader: Reader) -> None:
    broken = b"\xff|\xed\xa0\x80|\xe1\x80|\xf1\x80\x80|\xc0\xaf|\xf4\x90\x80\x80|\xe0\x80\x80|\xf0\x9f\x98"
    rows, _ = reader.rows(b"a\n" + broken + b"\n", plan_of("a"))
    assert rows == [("invalid_utf8", broken.decode(errors="replace"))]


def test_the_end_of_an_unclosed_quote_is_kept_to_the_last_line_end(reader: Reader) -> None:
    for end in (b"", b"\n"):
        data = b'a,b\n1,"x\ny' + end
        raw = f'1,"x\ny{end.decode()}'
        assert reader.rows(data, plan_of("a", "b"))[0] == [("malformed_quote", raw)]
        assert reader.rows(gzip.compress(data), plan_of("a", "b"), "in.csv.gz")[0] == [
            ("malformed_quote", raw)
        ]


def test_of_a_long_unclosed_quote_64_kib_are_kept(reader: Reader) -> None:
    data = b'a,b\n1,"' + b"x\n" * 40_000
    ((problem, raw),) = reader.rows(data, plan_of("a", "b"))[0]
    assert problem == "malformed_quote"
    assert raw == data.decode()[4 : 4 + 65536]


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", "empty_object: the object is empty"),
        (b"\xef\xbb\xbf\n\r\n", "empty_object: the object is empty: it has no header row"),
        (b"b\n1\n", 'missing_column: the object has no column "a", which is required'),
        (
            b" A,b\n1,2\n",
            'missing_column: the object has no column "a", but it has " A": '
            "names must match to the letter, blanks included",
        ),
        (b"a,b,a\n1,2,3\n", 'duplicate_column: the object has the column "a" twice'),
        (b'a,b"c\n1,2\n', "bad_header: the header row has a broken quote: "),
        (b'a,"b\n1,2\n', "bad_header: the header row has a broken quote: "),
        (b"a,\xff\n1,2\n", "bad_header: the header row is not valid UTF-8: save the file as UTF-8"),
        (b"a," + b"x" * (1 << 20), "bad_header: the header row is longer than 1 MiB"),
        (b"a\n1\n" + b"x" * (1 << 24) + b"y\n", "row_too_large: row 2 (at byte 4) is larger than 16 MiB"),
        (b"PK\x03\x04....", "wrong_format: the object is named as CSV, but its content is a ZIP archive"),
        (b"a\n" + b"\0\1\2x" * 50, "wrong_format: the object is named as CSV, but its content is binary"),
    ],
)
def test_objects_are_refused_as_by_the_other_engines(reader: Reader, data: bytes, refusal: str) -> None:
    assert reader.refusal(data, plan_of("a", "b", needed=["a"])).startswith(refusal)


def test_undeclared_columns_refuse_where_the_dataset_says_so(reader: Reader) -> None:
    plan = plan_of("a", unknown_columns="reject")
    assert reader.refusal(b"a,\xc3\xa9\n1,2\n", plan) == (
        'unknown_column: the column "é" is not declared by the dataset visits, which rejects such columns'
    )


def test_gzip_is_told_by_content_and_refused_if_it_is_cut_or_damaged(reader: Reader) -> None:
    body = b"a,b\n" + b"".join(b"%d,%d\n" % (at, at * at) for at in range(60_000))
    zipped = gzip.compress(body)
    plan = plan_of("a", "b")
    assert reader.rows(zipped, plan, "in.csv")[0][-1] == ("59999", str(59999**2))
    assert reader.rows(b"a,b\n1,2\n", plan, "in.csv.gz")[0] == [("1", "2")]
    cut_off = "corrupt_gzip: the object is gzipped, but cut off or damaged (unexpected end of file)"
    assert reader.refusal(zipped[:-1000], plan, "in.csv.gz") == cut_off
    assert reader.refusal(zipped[:20], plan, "in.csv.gz") == cut_off
    damaged = bytearray(zipped)
    damaged[-6] ^= 1
    assert reader.refusal(bytes(damaged), plan, "in.csv.gz").startswith("corrupt_gzip: ")


@pytest.mark.parametrize(
    "key",
    [
        "a b.csv",
        "é.csv",
        "_x.csv",
        ".x.csv",
        "a:b.csv",
        "100%25.csv",
        "[a]{b}*?.csv",
        "d=1/x.csv.gz",
        "a.CSV",
    ],
)
def test_any_name_is_read(reader: Reader, key: str) -> None:
    data = b"a\n1\n"
    assert reader.rows(gzip.compress(data) if key.endswith("gz") else data, plan_of("a"), key)[0] == [("1",)]
