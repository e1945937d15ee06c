"""JSON that lies in itself deeper than Python's parser goes, which calls itself; those of other engines do not."""

import re
from collections.abc import Callable
from typing import Any

_TOKEN = re.compile(
    r"[ \t\r\n]*+(?:([\[\]{},:])"
    r'|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")'
    r"|(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|true|false|null))"
)
_CLOSES = {"[": "]", "{": "}"}


class Nested(str):
    """An array or object, as it is written."""

    __slots__ = ()


def parse_deep(text: str, parse_scalar: Callable[[str], Any]) -> Any:
    """Return an object's members, those that are nested as Nested; of anything else, something that is no object.

    Raises ValueError: the text is not JSON.
    """
    open_marks: list[str] = []
    members: dict[str, Any] = {}
    key = ""
    began = at = 0
    expected = "value"
    while expected != "end":
        found = _TOKEN.match(text, at)
        if not found or not found.lastindex:
            raise ValueError(f"no JSON at {at}")
        token, at = found[found.lastindex], found.end()
        if expected == ":" and token == ":":
            expected = "value"
            continue
        if expected in ("key", "first key") and token[0] == '"':
            key = parse_scalar(token) if len(open_marks) == 1 else key
            expected = ":"
            continue
        if expected == "more" and token == ",":
            expected = "key" if open_marks[-1] == "{" else "value"
            continue
        if expected in ("value", "first value") and token in _CLOSES:
            began = at - 1 if len(open_marks) == 1 else began
            open_marks.append(token)
            expected = "first value" if token == "[" else "first key"
            continue
        value: Any = None
        if expected in ("value", "first value") and token not in "]},:":
            value = parse_scalar(token) if len(open_marks) == 1 else None
        elif expected in ("more", "first value", "first key") and token == _CLOSES[open_marks[-1]]:
            open_marks.pop()
            value = Nested(text[began:at])
        else:
            raise ValueError(f"no JSON at {at}")
        if open_marks == ["{"]:
            members[key] = value
        expected = "more" if open_marks else "end"
    if text[at:].strip(" \t\r\n"):
        raise ValueError(f"no JSON at {at}")
    return members if text.lstrip(" \t\r\n").startswith("{") else Nested(text)
