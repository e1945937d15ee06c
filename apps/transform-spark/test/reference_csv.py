"""CSV's rows, one byte after another: slow and plain, to compare with."""

BOM = b"\xef\xbb\xbf"


def rows_of(data: bytes, delimiter: bytes) -> list[tuple[bytes, list[bytes] | None]]:
    """Return each row's bytes with its fields, or None for those if a quote is broken."""
    data = data.removeprefix(BOM)
    found: list[tuple[bytes, list[bytes] | None]] = []
    at = 0
    while at < len(data):
        end, fields = _row(data, at, delimiter)
        if end > at:
            found.append((data[at:end], fields))
        at = end + (2 if data[end : end + 2] == b"\r\n" else 1)
    return found


def _row(data: bytes, at: int, delimiter: bytes) -> tuple[int, list[bytes] | None]:
    fields: list[bytes] = []
    while True:
        if data[at : at + 1] == b'"':
            close = at + 1
            while data[close : close + 2] == b'""' or data[close : close + 1] not in (b'"', b""):
                close += 2 if data[close : close + 2] == b'""' else 1
            if close >= len(data):
                return len(data), None
            fields.append(data[at + 1 : close].replace(b'""', b'"'))
            at = close + 1
        else:
            start = at
            while at < len(data) and data[at : at + 1] not in (delimiter, b'"', b"\r", b"\n"):
                at += 1
            fields.append(data[start:at])
        following = data[at : at + 1]
        if following == delimiter:
            at += 1
        elif following in (b"", b"\r", b"\n"):
            return at, fields
        else:
            while data[at : at + 1] not in (b"", b"\r", b"\n"):
                at += 1
            return at, None
