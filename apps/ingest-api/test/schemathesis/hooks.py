"""What schemathesis has to be told of: how JSON lines look, and that a key belongs to one request."""

import itertools
import json
import re

import schemathesis
from hypothesis import strategies as st

values = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
# With the fields that the datasets demand, and without.
records = st.fixed_dictionaries(
    {},
    optional={
        "id": values,
        "Species": st.sampled_from(["Adelie", "Gentoo", "Dodo"]),
        "Island": st.sampled_from(["Biscoe", "Dream", "Atlantis"]),
        "amount": values,
        "name": st.lists(values),
    },
)
lines = st.lists(records.map(json.dumps) | st.text(), min_size=1, max_size=5)


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def serialize_lines(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.hook
def flatmap_body(context, body):
    """Any text may be lines, says the document; most texts are none. (Where a text is no body, another is none either.)"""
    return st.just(body) | lines.map("\n".join) if isinstance(body, str) else st.just(body)


requests = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """The same few keys would come with other bodies all the time, which is refused before anything else is tried."""
    key = (case.headers or {}).get("Idempotency-Key")
    number = next(requests)
    if isinstance(key, str) and re.fullmatch(r"[!-~]{1,200}", key) and number % 5 > 0:
        case.headers["Idempotency-Key"] = f"{key}-{number}"
