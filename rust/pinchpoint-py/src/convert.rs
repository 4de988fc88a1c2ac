//! Numpy arrays in: copied while the GIL is held, so that nothing can change them afterwards.
//!
//! What is not a contiguous, aligned array in native byte order of the few types below,
//! `_validation.py` makes one of; what the values must be is decided here.

use numpy::{
    Element, PyArray1, PyArrayMethods, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods,
};
use pinchpoint_core::flow::Integer;
use pinchpoint_core::threads::{self, Part};
use pinchpoint_core::{Error, ErrorKind, error::counted};
use pyo3::call::PyCallArgs;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::error::{shown, to_py};

/// At most this many faults are named in one error.
const MAX_FAULTS: usize = 10;
/// Values that make a second thread worth starting.
const GRAIN: usize = 1 << 15;
/// Values looked at while they are in the cache.
const BLOCK: usize = 1 << 11;

/// Faults found in the input, to be raised together.
#[derive(Debug, Default)]
pub struct Faults {
    kind: Option<ErrorKind>,
    shown: Vec<String>,
    total: usize,
}

impl Faults {
    /// Notes one fault; the first decides the class of the exception.
    pub fn add(&mut self, kind: ErrorKind, fault: String) {
        self.kind.get_or_insert(kind);
        self.total += 1;
        if self.shown.len() < MAX_FAULTS {
            self.shown.push(fault);
        }
    }

    /// Raises what was noted.
    pub fn check(self, py: Python<'_>) -> PyResult<()> {
        let Some(kind) = self.kind else {
            return Ok(());
        };
        let mut message = self.shown.join("; ");
        if self.total > self.shown.len() {
            message += &format!("; and {} more", self.total - self.shown.len());
        }
        Err(to_py(py, Error::new(kind, message)))
    }
}

/// What `function` of `_validation.py` makes of `args`.
pub fn prepared<'py>(
    py: Python<'py>,
    function: &str,
    args: impl PyCallArgs<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let validation = py.import("pinchpoint._validation")?;
    validation.call_method1(function, args)
}

/// `values` if they are an array that can be read as it is.
fn ready<'py, T: Element>(values: &Bound<'py, PyAny>) -> Option<PyReadonlyArray1<'py, T>> {
    // Subclasses may mean something else by their values, as masked arrays do.
    if !values.is_exact_instance_of::<PyUntypedArray>() {
        return None;
    }
    let array = values.cast::<PyArray1<T>>().ok()?;
    let is_ready = array.is_c_contiguous() && array.is_aligned();
    is_ready.then(|| array.try_readonly().ok()).flatten()
}

/// Node ids as they came: 32 or 64 bits, signed or not.
enum RawIds<'py> {
    One(u32),
    I32(PyReadonlyArray1<'py, i32>),
    I64(PyReadonlyArray1<'py, i64>),
}

/// Node ids of one field, not yet checked against the number of nodes.
pub struct Ids<'py> {
    field: &'static str,
    raw: RawIds<'py>,
    /// One past the largest id, or `None` if some id cannot be one.
    pub bound: Option<u32>,
    /// The ids; meaningless where `bound` is `None`.
    pub ids: Vec<u32>,
}

impl<'py> Ids<'py> {
    /// Copies the ids of `field`, prepared if need be.
    pub fn read(field: &'static str, values: &Bound<'py, PyAny>) -> PyResult<Self> {
        Self::copied(field, values)?.map_or_else(
            || {
                let array = prepared(values.py(), "as_ids", (field, values))?;
                Self::copied(field, &array)?.ok_or_else(|| unprepared(field))
            },
            Ok,
        )
    }

    /// The same where `values` may also be a single id.
    pub fn read_terminals(field: &'static str, values: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(id) = values.cast_exact::<PyInt>()
            && let Ok(id) = id.extract::<u32>()
        {
            return Ok(Ids {
                field,
                raw: RawIds::One(id),
                bound: id.checked_add(1),
                ids: vec![id],
            });
        }
        let array = prepared(values.py(), "as_terminals", (field, values))?;
        Self::copied(field, &array)?.ok_or_else(|| unprepared(field))
    }

    /// Copies the ids of an array that can be read as it is.
    fn copied(field: &'static str, values: &Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        let (raw, (ids, bound)) = if let Some(array) = ready::<i32>(values) {
            let copy = copy_ids(array.as_slice()?, copy_i32);
            (RawIds::I32(array), copy)
        } else if let Some(array) = ready::<i64>(values) {
            let copy = copy_ids(array.as_slice()?, copy_i64);
            (RawIds::I64(array), copy)
        } else {
            return Ok(None);
        };
        Ok(Some(Ids {
            field,
            raw,
            bound,
            ids,
        }))
    }

    /// Notes every id that is not below `num_nodes`.
    pub fn note_faults(&self, num_nodes: u32, faults: &mut Faults) -> PyResult<()> {
        if self.bound.is_some_and(|bound| bound <= num_nodes) {
            return Ok(());
        }
        let mut note = |at: usize, id: i64| {
            if id < 0 || id >= i64::from(num_nodes) {
                let why = if id < 0 {
                    "node ids are not negative".to_string()
                } else if id >= i64::from(u32::MAX) {
                    "node ids are at most 2^32 - 2".to_string()
                } else {
                    format!("outside the {}", counted(num_nodes, "node"))
                };
                let text = format!("{}[{at}] is {id}, {why}", self.field);
                faults.add(ErrorKind::Graph, text);
            }
        };
        match &self.raw {
            RawIds::One(id) => note(0, i64::from(*id)),
            RawIds::I32(array) => array
                .as_slice()?
                .iter()
                .enumerate()
                .for_each(|(at, id)| note(at, i64::from(*id))),
            RawIds::I64(array) => {
                array
                    .as_slice()?
                    .iter()
                    .enumerate()
                    .for_each(|(at, id)| note(at, *id));
            }
        }
        Ok(())
    }
}

/// The ids, and one past the largest; none if some id cannot be one. `copy` writes ids and returns the
/// largest, on several threads.
fn copy_ids<T: Sync>(
    from: &[T],
    copy: impl Fn(&mut Part<'_, u32>, &[T]) -> Option<u32> + Copy + Send,
) -> (Vec<u32>, Option<u32>) {
    let shares = threads::ranges(from.len(), threads::worth(from.len(), GRAIN));
    let jobs = shares.iter().map(|share| {
        let own = &from[share.clone()];
        move |part: &mut Part<'_, u32>| copy(part, own)
    });
    let (ids, found) = threads::made(0, &shares, jobs);
    let top: Option<Vec<u32>> = found.into_iter().collect();
    let top = top.and_then(|tops| tops.into_iter().max());
    let bound = match ids.len() {
        0 => Some(0),
        _ => top.filter(|top| *top < u32::MAX).map(|top| top + 1),
    };
    (ids, bound)
}

fn copy_i32(part: &mut Part<'_, u32>, ids: &[i32]) -> Option<u32> {
    // All bits together are below zero if some id is.
    let (mut top, mut all) = (0, 0);
    for block in ids.chunks(BLOCK) {
        part.extend(block.iter().map(|id| *id as u32));
        (top, all) = block
            .iter()
            .fold((top, all), |(top, all), id| (top.max(*id), all | id));
    }
    (all >= 0).then_some(top as u32)
}

fn copy_i64(part: &mut Part<'_, u32>, ids: &[i64]) -> Option<u32> {
    let (mut top, mut all) = (0, 0);
    part.extend(ids.iter().map(|id| {
        all |= *id as u64;
        top = top.max(*id as u32);
        *id as u32
    }));
    (all >> u32::BITS == 0).then_some(top)
}

/// What `_validation.py` never leaves.
fn unprepared(field: &str) -> PyErr {
    PyTypeError::new_err(format!("{field} is no array that can be read"))
}

/// Whether `values` are numbers that can be read as they are.
pub fn are_ready_numbers(values: &Bound<'_, PyAny>) -> bool {
    ready::<i32>(values).is_some()
        || ready::<i64>(values).is_some()
        || ready::<f64>(values).is_some()
}

/// Bits of the numbers that are kept in 32: sums of two of them fit.
pub const NARROW: u32 = 30;

/// Capacities or limits as they came.
#[derive(Debug)]
pub enum Numbers {
    /// All below 2^[`NARROW`], whatever the array's type.
    I32(Vec<i32>),
    /// All below 2^63 - 1.
    I64(Vec<i64>),
    /// Anything a Python int may be, within 2^126.
    Big(Vec<i128>),
    /// Infinity is no limit.
    Float(Vec<f64>),
}

impl Numbers {
    /// Copies the numbers of `field`, in the narrowest integers that hold them, and notes what
    /// cannot be a capacity.
    pub fn read(
        field: &'static str,
        values: &Bound<'_, PyAny>,
        faults: &mut Faults,
    ) -> PyResult<Self> {
        if let Some(array) = ready::<i32>(values) {
            return Ok(copy_numbers(field, array.as_slice()?, faults));
        }
        if let Some(array) = ready::<i64>(values) {
            return Ok(copy_numbers(field, array.as_slice()?, faults));
        }
        if let Some(array) = ready::<f64>(values) {
            let slice = array.as_slice()?.to_vec();
            for (at, value) in slice.iter().enumerate() {
                if value.is_nan() || *value < 0.0 {
                    let why = if value.is_nan() {
                        "not a number"
                    } else {
                        "negative"
                    };
                    faults.add(
                        ErrorKind::Capacity,
                        format!("{field}[{at}] is {value}, {why}"),
                    );
                }
            }
            return Ok(Numbers::Float(slice));
        }
        let mut big = Vec::new();
        for (at, value) in values.try_iter()?.enumerate() {
            let value = value?;
            let number = value.extract::<i128>().ok();
            big.push(number.unwrap_or(0));
            if !number.is_some_and(|number| (0..1 << 126).contains(&number)) {
                let text = format!("{field}[{at}] is {}, not in 0..2^126", shown(&value));
                faults.add(ErrorKind::Capacity, text);
            }
        }
        Ok(Numbers::Big(big))
    }
}

/// Copies the numbers of `field` in the narrowest integers that hold them.
fn copy_numbers<T: Integer + Into<i64>>(field: &str, from: &[T], faults: &mut Faults) -> Numbers {
    if let Some(narrow) = narrowed(from) {
        return Numbers::I32(narrow);
    }
    note_negative(field, from, faults);
    let high = from.iter().copied().max().unwrap_or_default();
    if high.low64() < i64::MAX {
        Numbers::I64(from.iter().map(|value| value.low64()).collect())
    } else {
        Numbers::Big(from.iter().map(|value| value.wide()).collect())
    }
}

/// The values in 32 bits, if all are from zero to below 2^[`NARROW`].
fn narrowed<T: Integer>(from: &[T]) -> Option<Vec<i32>> {
    let shares = threads::ranges(from.len(), threads::worth(from.len(), GRAIN));
    let jobs = shares.iter().map(|share| {
        let own = &from[share.clone()];
        move |part: &mut Part<'_, i32>| {
            for block in own.chunks(BLOCK) {
                part.extend(block.iter().map(|value| value.low64() as i32));
                let all = block.iter().fold(0, |all, value| all | value.low64());
                if all >> NARROW != 0 {
                    part.fill(0);
                    return false;
                }
            }
            true
        }
    });
    let (narrow, fit) = threads::made(0, &shares, jobs);
    fit.into_iter().all(|fits| fits).then_some(narrow)
}

impl Numbers {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Numbers::I32(values) => values.len(),
            Numbers::I64(values) => values.len(),
            Numbers::Big(values) => values.len(),
            Numbers::Float(values) => values.len(),
        }
    }
}

fn note_negative<T: Copy + Ord + Into<i64>>(field: &str, slice: &[T], faults: &mut Faults) {
    if slice
        .iter()
        .copied()
        .min()
        .is_none_or(|least| least.into() >= 0)
    {
        return;
    }
    for (at, value) in slice.iter().enumerate() {
        let value: i64 = (*value).into();
        if value < 0 {
            faults.add(
                ErrorKind::Capacity,
                format!("{field}[{at}] is {value}, negative"),
            );
        }
    }
}
