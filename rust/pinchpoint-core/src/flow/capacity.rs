//! The integers a problem may be stated in, and the integers the kernels work in.

use std::fmt::{Debug, Display};
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// What the input and the kernels both need from an integer.
pub trait Integer:
    Copy
    + Ord
    + Default
    + Debug
    + Display
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + 'static
{
    /// The largest value.
    const MAX: Self;
    /// Exact.
    fn wide(self) -> i128;
    /// Keeps the low bits; exact when the caller has checked the range.
    fn truncate(value: i128) -> Self;
    /// Keeps the low bits of a narrower detour through `i64`, which is cheap for all but `i128`.
    fn low64(self) -> i64;
}

macro_rules! integer {
    ($($int:ty),*) => {$(
        impl Integer for $int {
            const MAX: Self = <$int>::MAX;
            #[inline(always)]
            fn wide(self) -> i128 {
                self as i128
            }
            #[inline(always)]
            fn truncate(value: i128) -> Self {
                value as $int
            }
            #[inline(always)]
            fn low64(self) -> i64 {
                self as i64
            }
        }
    )*};
}
integer!(i32, i64, i128);

/// An integer that capacities and flows are given in; its maximum stands for "no limit".
pub trait Capacity: Integer {
    /// The same values, of a type that is known.
    fn known(values: &[Self]) -> Values<'_>;
}

/// Values of either type.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    I32(&'a [i32]),
    I64(&'a [i64]),
    I128(&'a [i128]),
}

macro_rules! capacity {
    ($($int:ty => $kind:ident),*) => {$(
        impl Capacity for $int {
            fn known(values: &[Self]) -> Values<'_> {
                Values::$kind(values)
            }
        }
    )*};
}
capacity!(i32 => I32, i64 => I64, i128 => I128);

/// An integer that residual capacities are kept in while solving.
///
/// The two directions of an edge add up to at most `MAX`, because each is at most [`HALF`](Self::HALF).
pub trait Residue: Integer {
    /// Sums of residues at one node.
    type Excess: Integer;
    /// The largest initial residue of one direction.
    const HALF: Self;
    /// Exact.
    fn to_excess(self) -> Self::Excess;
    /// Exact for values that lie between 0 and `MAX`.
    fn from_excess(excess: Self::Excess) -> Self;
    /// From the low 64 bits of a capacity known to fit.
    fn from_low64(value: i64) -> Self;
    /// The same values, if they are of this type.
    fn own(values: Values<'_>) -> Option<&[Self]>;
}

macro_rules! residue {
    ($($int:ty, $kind:ident => $excess:ty),*) => {$(
        impl Residue for $int {
            type Excess = $excess;
            const HALF: Self = <$int>::MAX / 2;
            #[inline(always)]
            fn to_excess(self) -> $excess {
                self as $excess
            }
            #[inline(always)]
            fn from_excess(excess: $excess) -> Self {
                excess as $int
            }
            #[inline(always)]
            fn from_low64(value: i64) -> Self {
                value as $int
            }
            fn own(values: Values<'_>) -> Option<&[Self]> {
                match values {
                    Values::$kind(values) => Some(values),
                    _ => None,
                }
            }
        }
    )*};
}
residue!(i32, I32 => i64, i64, I64 => i64, i128, I128 => i128);
