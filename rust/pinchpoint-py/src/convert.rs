//! Numpy arrays in: copied while the GIL is held, so that nothing can change them afterwards.
//!
//! The Python side hands over contiguous, aligned arrays in native byte order of the few types
//! below (`_validation.py`); what the values must be is decided here.

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pinchpoint_core::{Error, ErrorKind, threads};
use pyo3::prelude::*;

use crate::error::to_py;

/// Values that make a second thread worth starting.
const GRAIN: usize = 1 << 19;
/// At most this many faults are named in one error.
const MAX_FAULTS: usize = 10;

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

/// Node ids as they came: 32 or 64 bits, signed or not.
enum RawIds<'py> {
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
    /// Copies the ids of `field`.
    pub fn read(field: &'static str, array: &Bound<'py, PyAny>) -> PyResult<Self> {
        let (raw, copy) = if let Ok(array) = array.cast::<PyArray1<i32>>() {
            let array = array.readonly();
            // Negative ids have the top bit, which no 32-bit id has.
            let mut copy = copy_ids(array.as_slice()?, |id| u64::from(id as u32));
            copy.misfit = copy.all >> 31 != 0;
            (RawIds::I32(array), copy)
        } else {
            let array = array.cast::<PyArray1<i64>>()?.readonly();
            let copy = copy_ids(array.as_slice()?, |id| id as u64);
            (RawIds::I64(array), copy)
        };
        let IdCopy {
            ids, top, misfit, ..
        } = copy;
        let misfit = misfit || top == u32::MAX;
        let bound = if misfit {
            None
        } else if ids.is_empty() {
            Some(0)
        } else {
            Some(top + 1)
        };
        Ok(Ids {
            field,
            raw,
            bound,
            ids,
        })
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
                    format!("outside the {num_nodes} nodes")
                };
                let text = format!("{}[{at}] is {id}, {why}", self.field);
                faults.add(ErrorKind::Graph, text);
            }
        };
        match &self.raw {
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

/// Ids as copied.
struct IdCopy {
    ids: Vec<u32>,
    top: u32,
    /// The union of the bits of all ids.
    all: u64,
    /// Some id has more than 32 bits.
    misfit: bool,
}

/// Copies ids and finds the largest, on several threads.
fn copy_ids<T: Copy + Sync>(from: &[T], widen: impl Fn(T) -> u64 + Copy + Send) -> IdCopy {
    let ranges = threads::ranges(from.len(), threads::worth(from.len(), GRAIN));
    let mut ids = vec![0u32; from.len()];
    let parts = threads::split(&mut ids, &ranges);
    let found = threads::join(parts.into_iter().zip(ranges).map(|(to, range)| {
        move || {
            let (mut top, mut all) = (0, 0);
            for (to, from) in to.iter_mut().zip(&from[range]) {
                let id = widen(*from);
                all |= id;
                top = top.max(id as u32);
                *to = id as u32;
            }
            (top, all)
        }
    }));
    let merge = |(top, all): (u32, u64), (t, a): (u32, u64)| (top.max(t), all | a);
    let (top, all) = found.into_iter().fold((0, 0), merge);
    IdCopy {
        ids,
        top,
        all,
        misfit: all >> 32 != 0,
    }
}

/// Capacities or limits as they came.
#[derive(Debug)]
pub enum Numbers {
    /// All below 2^31 - 1, whatever the array's type.
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
        if let Ok(array) = values.cast::<PyArray1<i32>>() {
            return Ok(Self::from_i32(field, array.readonly().as_slice()?, faults));
        }
        if let Ok(array) = values.cast::<PyArray1<i64>>() {
            return Ok(Self::from_i64(field, array.readonly().as_slice()?, faults));
        }
        if let Ok(array) = values.cast::<PyArray1<f64>>() {
            let slice = array.readonly().as_slice()?.to_vec();
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
                let text: String = value.str()?.to_string_lossy().chars().take(40).collect();
                let text = format!("{field}[{at}] is {text}, not in 0..2^126");
                faults.add(ErrorKind::Capacity, text);
            }
        }
        Ok(Numbers::Big(big))
    }

    fn from_i32(field: &str, slice: &[i32], faults: &mut Faults) -> Self {
        let (mut low, mut high) = (0, 0);
        let mut copy = Vec::with_capacity(slice.len());
        copy.extend(slice.iter().map(|value| {
            low = low.min(*value);
            high = high.max(*value);
            *value
        }));
        if low < 0 {
            note_negative(field, slice, faults);
        }
        if high == i32::MAX {
            return Numbers::I64(copy.into_iter().map(i64::from).collect());
        }
        Numbers::I32(copy)
    }

    fn from_i64(field: &str, slice: &[i64], faults: &mut Faults) -> Self {
        let narrow = slice
            .iter()
            .take(1 << 12)
            .all(|value| *value < i64::from(i32::MAX));
        let ranges = threads::ranges(slice.len(), threads::worth(slice.len(), GRAIN));
        let mut copy = vec![0i32; if narrow { slice.len() } else { 0 }];
        let parts: Vec<&mut [i32]> = if narrow {
            threads::split(&mut copy, &ranges)
        } else {
            ranges.iter().map(|_| &mut [][..]).collect()
        };
        let found = threads::join(parts.into_iter().zip(ranges).map(|(to, range)| {
            move || {
                let from = &slice[range];
                to.iter_mut()
                    .zip(from)
                    .for_each(|(to, from)| *to = *from as i32);
                let bounds =
                    |(low, high): (i64, i64), value: &i64| (low.min(*value), high.max(*value));
                from.iter().fold((0, 0), bounds)
            }
        }));
        let low = found.iter().map(|bounds| bounds.0).min().unwrap_or(0);
        let high = found.iter().map(|bounds| bounds.1).max().unwrap_or(0);
        if low < 0 {
            note_negative(field, slice, faults);
        }
        if high < i64::from(i32::MAX) && narrow {
            return Numbers::I32(copy);
        }
        if high == i64::MAX {
            return Numbers::Big(slice.iter().map(|value| i128::from(*value)).collect());
        }
        Numbers::I64(slice.to_vec())
    }
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

fn note_negative<T: Copy + Into<i64>>(field: &str, slice: &[T], faults: &mut Faults) {
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
