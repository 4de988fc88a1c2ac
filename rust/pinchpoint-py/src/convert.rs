//! Numpy arrays in: copied while the GIL is held, so that nothing can change them afterwards.
//!
//! The Python side hands over contiguous, aligned arrays in native byte order of the few types
//! below (`_validation.py`); what the values must be is decided here.

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pinchpoint_core::flow::Integer;
use pinchpoint_core::{Error, ErrorKind};
use pyo3::prelude::*;

use crate::error::to_py;

/// At most this many faults are named in one error.
const MAX_FAULTS: usize = 10;
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

/// Node ids as they came: 32 or 64 bits, signed or not.
pub enum RawIds<'py> {
    I32(PyReadonlyArray1<'py, i32>),
    I64(PyReadonlyArray1<'py, i64>),
}

impl<'py> RawIds<'py> {
    /// Holds `array`.
    pub fn of(array: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = array.cast::<PyArray1<i32>>() {
            return Ok(RawIds::I32(array.readonly()));
        }
        Ok(RawIds::I64(array.cast::<PyArray1<i64>>()?.readonly()))
    }

    /// What can be copied by another thread.
    pub fn view(&self) -> PyResult<IdView<'_>> {
        Ok(match self {
            RawIds::I32(array) => IdView::I32(array.as_slice()?),
            RawIds::I64(array) => IdView::I64(array.as_slice()?),
        })
    }
}

/// Ids to be copied.
#[derive(Clone, Copy)]
pub enum IdView<'a> {
    I32(&'a [i32]),
    I64(&'a [i64]),
}

impl IdView<'_> {
    /// Copies the ids and finds the largest.
    pub fn copy(self) -> IdCopy {
        match self {
            // Negative ids have the top bit, which no 32-bit id has.
            IdView::I32(ids) => copy_ids(ids, 31, |id| u64::from(id as u32)),
            IdView::I64(ids) => copy_ids(ids, 32, |id| id as u64),
        }
    }
}

/// Ids as copied.
pub struct IdCopy {
    ids: Vec<u32>,
    /// One past the largest, or `None` if some id cannot be one.
    bound: Option<u32>,
}

fn copy_ids<T: Copy>(from: &[T], bits: u32, widen: impl Fn(T) -> u64) -> IdCopy {
    let mut ids: Vec<u32> = Vec::with_capacity(from.len());
    let (mut top, mut all) = (0, 0);
    for block in from.chunks(BLOCK) {
        let begin = ids.len();
        ids.extend(block.iter().map(|id| widen(*id) as u32));
        all = block.iter().fold(all, |all, id| all | widen(*id));
        top = ids[begin..].iter().fold(top, |top, id| top.max(*id));
    }
    let fits = all >> bits == 0 && top < u32::MAX;
    let bound = match ids.len() {
        0 => Some(0),
        _ => fits.then(|| top + 1),
    };
    IdCopy { ids, bound }
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
        let raw = RawIds::of(array)?;
        let copy = raw.view()?.copy();
        Ok(Self::copied(field, raw, copy))
    }

    /// The ids of `field` where they were copied already.
    pub fn copied(field: &'static str, raw: RawIds<'py>, copy: IdCopy) -> Self {
        Ids {
            field,
            raw,
            bound: copy.bound,
            ids: copy.ids,
        }
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
        let raw = RawNumbers::of(values);
        if let Some(view) = raw.view()? {
            return Ok(Self::copied(field, view, view.copy(), faults));
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

    /// The numbers of `field` where they were copied already.
    pub fn copied(
        field: &str,
        from: NumberView<'_>,
        copy: NumberCopy,
        faults: &mut Faults,
    ) -> Self {
        match from {
            _ if !copy.negative => {}
            NumberView::I32(from) => note_negative(field, from, faults),
            NumberView::I64(from) => note_negative(field, from, faults),
        }
        copy.numbers
    }
}

/// Numbers in arrays of integers; other kinds are read one by one.
pub enum RawNumbers<'py> {
    I32(PyReadonlyArray1<'py, i32>),
    I64(PyReadonlyArray1<'py, i64>),
    Other,
}

impl<'py> RawNumbers<'py> {
    /// Holds `values`.
    pub fn of(values: &Bound<'py, PyAny>) -> Self {
        if let Ok(array) = values.cast::<PyArray1<i32>>() {
            RawNumbers::I32(array.readonly())
        } else if let Ok(array) = values.cast::<PyArray1<i64>>() {
            RawNumbers::I64(array.readonly())
        } else {
            RawNumbers::Other
        }
    }

    /// What can be copied by another thread.
    pub fn view(&self) -> PyResult<Option<NumberView<'_>>> {
        Ok(match self {
            RawNumbers::I32(array) => Some(NumberView::I32(array.as_slice()?)),
            RawNumbers::I64(array) => Some(NumberView::I64(array.as_slice()?)),
            RawNumbers::Other => None,
        })
    }
}

/// Numbers to be copied.
#[derive(Clone, Copy)]
pub enum NumberView<'a> {
    I32(&'a [i32]),
    I64(&'a [i64]),
}

/// Numbers as copied.
pub struct NumberCopy {
    numbers: Numbers,
    negative: bool,
}

impl NumberView<'_> {
    /// Copies the numbers in the narrowest integers that hold them.
    pub fn copy(self) -> NumberCopy {
        match self {
            NumberView::I32(from) => copy_numbers(from),
            NumberView::I64(from) => copy_numbers(from),
        }
    }
}

fn copy_numbers<T: Integer>(from: &[T]) -> NumberCopy {
    if let Some(narrow) = narrowed(from) {
        return NumberCopy {
            numbers: Numbers::I32(narrow),
            negative: false,
        };
    }
    let low = from.iter().copied().min().unwrap_or_default();
    let high = from.iter().copied().max().unwrap_or_default();
    let numbers = if high.low64() < i64::MAX {
        Numbers::I64(from.iter().map(|value| value.low64()).collect())
    } else {
        Numbers::Big(from.iter().map(|value| value.wide()).collect())
    };
    NumberCopy {
        numbers,
        negative: low < T::default(),
    }
}

/// The values in 32 bits, if all are from zero to below 2^31 - 1.
fn narrowed<T: Integer>(from: &[T]) -> Option<Vec<i32>> {
    let mut narrow: Vec<i32> = Vec::with_capacity(from.len());
    for block in from.chunks(BLOCK) {
        let begin = narrow.len();
        narrow.extend(block.iter().map(|value| value.low64() as i32));
        let all = block.iter().fold(0, |all, value| all | value.low64());
        let top = narrow[begin..].iter().fold(0, |top, value| top.max(*value));
        if all >> 31 != 0 || top == i32::MAX {
            return None;
        }
    }
    Some(narrow)
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
