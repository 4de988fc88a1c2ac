"""Text to exact kbit/s and back."""

import doctest
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pinchpoint import units
from pinchpoint.errors import CapacityError, CapacityOverflowError, InputTypeError, UnitError
from pinchpoint.units import format_bandwidth, format_bits, format_bytes, parse_bandwidth


@pytest.mark.parametrize(
    ("text", "kbit"),
    [
        ("400Gb/s", 400_000_000),
        ("400 Gb/s", 400_000_000),
        ("  1.6 Tb/s ", 1_600_000_000),
        ("26.5625GB/s", 212_500_000),
        ("20.6 GB/s", 164_800_000),
        ("50GB/s", 400_000_000),
        ("2.56TB/s", 20_480_000_000),
        ("100 Mb/s", 100_000),
        ("12.5MB/s", 100_000),
        ("1kb/s", 1),
        ("1kB/s", 8),
        ("0.125kB/s", 1),
        ("10PB/s", 80_000_000_000_000),
        ("400Gbit/s", 400_000_000),
        ("50GByte/s", 400_000_000),
        ("+5Gb/s", 5_000_000),
        ("-0Gb/s", 0),
        ("9223372036854775807kb/s", 2**63 - 1),
    ],
)
def test_parse_is_exact(text, kbit):
    assert parse_bandwidth(text) == kbit


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("400", "has no unit"),
        (400, "400Gb/s"),
        (2.5, "factor of 8"),
        (True, "has no unit"),
        pytest.param(10**5000, "an integer of 16,610 bits has no unit: write '400Gb/s'", id="huge"),
        ("400G", "does not say bits or bytes"),
        ("1GiB/s", "powers of two"),
        ("1Gib/s", "powers of two"),
        ("400Gbps", "did you mean '400Gb/s'"),
        ("50GBps", "did you mean '50GB/s'"),
        ("400gb/s", "did you mean '400Gb/s'"),
        ("1.5 KB/s", "did you mean '1.5kB/s'"),
        ("400Gb", "did you mean '400Gb/s'"),
        ("5 furlongs", "unknown unit"),
        ("nan Gb/s", "no number with a unit"),
        ("inf", "no number with a unit"),
        ("", "no number with a unit"),
        ("1,000Gb/s", "unknown unit"),
        ("1e3Gb/s", "unknown unit"),
        ("٤Gb/s", "no number with a unit"),
        ("9" * 1000 + "Gb/s", "1004 characters long"),
    ],
)
def test_refused_units_say_why(text, says):
    with pytest.raises(UnitError, match=says):
        parse_bandwidth(text)


@pytest.mark.parametrize("text", ["-1Gb/s", "-0.1kb/s"])
def test_negative(text):
    with pytest.raises(CapacityError, match="negative"):
        parse_bandwidth(text)


def test_no_whole_kbit():
    with pytest.raises(CapacityError, match="whole number of kbit/s"):
        parse_bandwidth("0.5kb/s")


def test_overflow():
    with pytest.raises(CapacityOverflowError):
        parse_bandwidth("9223372036854775808kb/s")


@pytest.mark.parametrize("value", [None, [400], b"400Gb/s"])
def test_wrong_type(value):
    with pytest.raises(InputTypeError):
        parse_bandwidth(value)


@given(st.integers(0, 2**63 - 1), st.sampled_from(["kb/s", "Mb/s", "Gb/s", "Tb/s", "Pb/s"]))
def test_any_decimal_comes_back(kbit, unit):
    digits = 3 * "kMGTP".index(unit[0])
    whole, rest = divmod(kbit, 10**digits)
    text = f"{whole}.{rest:0{digits}}{unit}" if digits else f"{whole}{unit}"
    assert parse_bandwidth(text) == kbit


@pytest.mark.parametrize(
    ("kbit", "text"),
    [
        (400_000_000, "50 GB/s (400 Gb/s) per direction"),
        (28_800_000_000, "3.6 TB/s (28.8 Tb/s) per direction"),
        (1_600_000_000, "200 GB/s (1.6 Tb/s) per direction"),
        (0, "0 GB/s (0 Gb/s) per direction"),
        (1, "0.125 kB/s (1 kb/s) per direction"),
        (Fraction(1, 2), "0.0625 kB/s (0.5 kb/s) per direction"),
    ],
)
def test_format(kbit, text):
    assert format_bandwidth(kbit) == text


def test_prefix_changes_at_a_thousand():
    assert format_bits(999_999) == "999.999 Mb/s"
    assert format_bits(1_000_000) == "1 Gb/s"
    assert format_bytes(10**18) == "125 EB/s"
    assert format_bytes(10**22) == "1.25e+06 EB/s"


def test_examples():
    assert doctest.testmod(units).failed == 0


@pytest.mark.parametrize("write", [format_bandwidth, format_bytes, format_bits])
@pytest.mark.parametrize(
    ("kbit", "error", "says"),
    [
        (None, InputTypeError, "kbit is None"),
        ("400Gb/s", InputTypeError, "kbit is '400Gb/s'"),
        (True, InputTypeError, "kbit is True"),
        (float("nan"), CapacityError, "kbit is nan"),
        (float("inf"), CapacityError, "kbit is inf"),
        pytest.param(10**5000, CapacityError, "kbit is an integer of 16,610 bits", id="huge"),
    ],
)
def test_what_is_no_bandwidth_is_not_written(write, kbit, error, says):
    with pytest.raises(error, match=says):
        write(kbit)
