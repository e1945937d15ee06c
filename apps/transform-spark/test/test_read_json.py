"""JSON, as Spark reads it."""

import gzip
import json
import random

import pytest
from reading import Reader, plan_of

from transform_spark.deep_json import Nested, parse_deep
from transform_spark.json_rows import JsonArray, JsonJudge, JsonLines
from transform_spark.refusal import Refused

PLAN = plan_of("id", "size:double", "body", json=["body"])
LINES = [
    b'{"id":"1","x":1}',
    b" \t\r",
    b' {"id":"]}\\",{","size":1.50} \r',
    b'{"body":{ "a" : [1e2, "}"] }}',
    b"{}",
    b"",
]
CELLS = [("1", None, None), (']}",{', "1.50", None), (None, None, '{ "a" : [1e2, "}"] }'), (None, None, None)]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_lines_and_arrays_give_the_same_rows(reader: Reader, bom: bytes) -> None:
    array = bom + b" \n[" + b" ,\n".join(line for line in LINES if line.strip()) + b" ] \n"
    for data, key in (
        (bom + b"\n".join(LINES), "in.json"),
        (array, "in.jsonl"),
        (gzip.compress(array), "in.json.gz"),
    ):
        assert reader.rows(data, PLAN, key) == (CELLS, ["x"])


def test_rows_and_unknown_keys_do_not_depend_on_splits(reader: Reader, small_splits: int) -> None:
    chance = random.Random(8)
    rows = [{"id": "é" * chance.randrange(30), f"k{at // 3}": at} for at in range(24)]
    rows[11] = {"id": 7}
    names = list(dict.fromkeys(key for row in rows for key in row if key != "id"))
    cells = [(str(row["id"]), None, None) for row in rows]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    assert len(lines) > 10 * small_splits
    assert reader.rows(lines, PLAN, "in.json") == (cells, names)
    assert reader.rows(json.dumps(rows).encode(), PLAN, "in.json") == (cells, names)


def test_rows_are_malformed_for_one_reason(reader: Reader) -> None:
    lines = {
        b'{"id":"a"': "not_json",
        b"[1]": "not_an_object",
        b"null": "not_an_object",
        b'{"id":{"a":1}}': "nested_value",
        b'{"id":"\\ud800","size":[]}': "invalid_utf8",
        b'"\xff\xed\xa0\x80': "invalid_utf8",
        b'{"id":NaN}': "not_json",
        b'{"id":01}\r': "not_json",
        b'{"id":"\t"}': "not_json",
    }
    rows, _ = reader.rows(b'{"id":"0"}\n' + b"\n".join(lines), PLAN, "in.json")
    assert rows[1:] == [(code, line.decode(errors="replace")) for line, code in lines.items()]


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b" \n\r\n\t", "empty_object: the object is empty: it holds no JSON"),
        (b'[{"id":"1"}', "broken_array: the JSON array is broken off: its closing bracket is missing"),
        (
            b'[{"id":"1"}]}',
            "broken_array: the JSON array is broken : there is more behind its end, at byte 12",
        ),
        (b"[1],", "broken_array: the JSON array is broken : there is more behind its end, at byte 3"),
        (b'[{"id":"1"},]', "broken_array: the JSON array is broken at byte 12: an element is missing"),
        (b'[{"id":"1"},{"id":}]', "broken_array: the JSON array is broken in its element 2"),
    ],
)
def test_objects_are_refused_as_by_the_other_engines(reader: Reader, data: bytes, refusal: str) -> None:
    assert reader.refusal(data, PLAN, "in.json") == refusal


def test_a_line_above_16_mib_refuses_the_object(reader: Reader) -> None:
    data = b'{"id":"1"}\n\n{"id":"' + b"x" * (1 << 24) + b'"}\n'
    assert reader.refusal(data, PLAN, "in.json") == "row_too_large: row 2 (at byte 12) is larger than 16 MiB"


def test_undeclared_keys_refuse_where_the_dataset_says_so(reader: Reader) -> None:
    plan = plan_of("id", unknown_columns="reject")
    assert reader.refusal(b'{"id":1}\n{"id":1,"x\xc3\xa9":2}', plan, "in.json") == (
        'unknown_column: the column "xé" is not declared by the dataset visits, which rejects such columns'
    )


def test_the_last_of_equal_keys_wins_however_it_is_written() -> None:
    judge = JsonJudge(PLAN, 100)
    assert judge.judge(b'{"id":{},"id":1.0,"i\\u0064":2.0}') == (None, None, "2.0", None, None)
    assert judge.judge(b'{"body":[1],"body":[ 2 ]}') == (None, None, None, None, "[ 2 ]")


def test_values_may_lie_in_each_other_as_deep_as_they_like() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    judge = JsonJudge(PLAN, 100)
    assert judge.judge(b'{"body":' + deep + b"}") == (None, None, None, None, deep.decode())
    assert judge.judge(deep)[0] == "not_an_object"
    assert judge.judge(b'{"size":' + deep + b"}")[0] == "nested_value"
    assert judge.judge(b'{"body":' + deep + b"]}")[0] == "not_json"


def test_deep_values_are_parsed_as_others_are() -> None:
    chance = random.Random(8)
    marks = [
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        '"',
        "1",
        "-",
        "0.5e1",
        "true",
        " ",
        '"a"',
        '"a":',
        '"\\u00e9"',
        '{"a":1}',
        "[]",
    ]
    taken = 0
    for _ in range(20_000):
        text = chance.choice(["{", "[", '{"a":', ""]) + "".join(chance.choices(marks, k=chance.randrange(7)))
        try:
            value = json.loads(text)
        except ValueError:
            with pytest.raises(ValueError, match="no JSON"):
                parse_deep(text, json.loads)
            continue
        taken += 1
        found = parse_deep(text, json.loads)
        members = (
            {key: json.loads(one) if isinstance(one, Nested) else one for key, one in found.items()}
            if isinstance(found, dict)
            else None
        )
        assert members == (value if isinstance(value, dict) else None), text
    assert taken > 300


def test_elements_do_not_depend_on_where_pieces_end() -> None:
    chance = random.Random(8)
    marks = [b"[", b"]", b"{", b"}", b",", b'"', b"\\", b" ", b"1", b'{"a":1}', b'["}"]', b'{"a":"\\"]"}']
    for _ in range(2000):
        data = b"[" + b"".join(chance.choices(marks, k=chance.randrange(16)))
        assert len({elements(data, piece) for piece in (1, 2, 3, 100)}) == 1, data


def elements(data: bytes, piece: int) -> str:
    """Write what becomes of an array that comes in pieces."""
    array = JsonArray()
    found: list[bytes] = []
    try:
        for at in range(0, len(data), piece):
            for text, _ in array.push(data[at : at + piece]):
                found.append(text)
        array.end()
    except Refused as refused:
        return f"{found} {refused}"
    return str(found)


def test_lines_do_not_depend_on_where_pieces_end() -> None:
    data = b"\n".join(LINES)
    for piece in range(1, 20):
        lines = JsonLines()
        found = [row for at in range(0, len(data), piece) for row in lines.push(data[at : at + piece])]
        assert [*found, *lines.end()] == [(LINES[at], number + 1) for number, at in enumerate((0, 2, 3, 4))]
