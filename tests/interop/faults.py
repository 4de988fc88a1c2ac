"""What every reader of text must survive, whatever is done to a good file."""

import random

import pytest
from pinchpoint.errors import PinchpointError


def damaged(content, seed):
    """A file cut off, with lines lost, doubled or swapped, or with bytes changed."""
    rng = random.Random(seed)
    lines = content.split(b"\n")
    kind = seed % 5
    if kind == 0:
        return content[: rng.randrange(len(content))]
    place, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    if kind == 1:
        del lines[place]
    elif kind == 2:
        lines.insert(place, lines[other])
    elif kind == 3:
        lines[place], lines[other] = lines[other], lines[place]
    else:
        at = rng.randrange(len(content))
        return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
    return b"\n".join(lines)


def survives(tmp_path, name, content, read, count=150):
    """Damage a file in many ways: each is read, or refused with its name."""
    path = tmp_path / name
    refused = 0
    for seed in range(count):
        path.write_bytes(damaged(content, seed))
        try:
            found = read(path)
        except PinchpointError as error:
            message = str(error)
        else:
            assert found.report.format
            continue
        assert name in message
        assert len(message) < 5000
        refused += 1
    assert refused > count // 10


def refuses(tmp_path, name, content, read, says):
    """The file is refused, and the message says this (a pattern) after its name."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PinchpointError, match=rf"{name}.*{says}"):
        read(path)
