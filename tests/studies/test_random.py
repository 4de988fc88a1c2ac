"""Seeds give the same studies for ever: values pinned, and the definition beside the core's."""

import hashlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint.studies.random import SplitMix64, seeded

WORD = 2**64


def test_values_are_pinned():
    random = SplitMix64(7)
    assert [random.bits() for _ in range(3)] == [
        7191089600892374487,
        309689372594955804,
        16616101746815609346,
    ]
    bounds = (1, 10, 2**33 + 1, 2**63 + 1)
    assert [random.below(bound) for bound in bounds] == [0, 4, 2142600461, 1238314238945538992]
    assert seeded(0).bits() == 12035550249420947055
    assert seeded(1, 2, 3).bits() == 1321962074176129191
    assert seeded(-1, 2**70).bits() == 18159682518515982810
    assert seeded().bits() == 16294208416658607535
    random = seeded(5, 6)
    drawn = [(random.below(i + 1), random.unit(), random.skips(1 / (i + 1))) for i in range(5000)]
    assert hashlib.sha256(repr(drawn).encode()).hexdigest() == (
        "f5cbb8e771c4f680b1fb8f6f71cb707ed027e2780a2e76c363e410a2b63f0418"
    )


@given(st.integers(0, WORD - 1), st.integers(1, WORD - 1), st.floats(1e-9, 1.0))
def test_draws_follow_from_bits(seed, bound, probability):
    """Lemire's draw, the unit interval, and the number of failures, each from the bits alone."""
    random, bits = SplitMix64(seed), SplitMix64(seed)
    wide = bits.bits() * bound
    while wide % WORD < (WORD - bound) % bound:
        wide = bits.bits() * bound
    assert random.below(bound) == wide // WORD
    unit = ((bits.bits() >> 11) + 1) * 2.0**-53
    assert random.unit() == unit
    unit = ((bits.bits() >> 11) + 1) * 2.0**-53 if probability < 1 else 1.0
    skips = random.skips(probability)
    assert skips == (int(math.log(unit) / math.log1p(-probability)) if probability < 1 else 0)


def test_no_number_below_zero():
    with pytest.raises(ValueError, match="below 0"):
        SplitMix64(1).below(0)
