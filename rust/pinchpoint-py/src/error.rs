//! Core errors as the exception classes of `pinchpoint.errors`.

use pinchpoint_core::{Error, ErrorKind};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The name in `pinchpoint.errors` of an error's class.
pub fn class_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Graph => "GraphError",
        ErrorKind::Capacity => "CapacityError",
        ErrorKind::Overflow => "CapacityOverflowError",
        ErrorKind::Selection => "SelectionError",
        ErrorKind::Build => "BuildError",
        ErrorKind::Unbounded => "UnboundedError",
        ErrorKind::SizeLimit => "SizeLimitError",
        ErrorKind::Certificate => "CertificateError",
        ErrorKind::TimeLimit => "TimeLimitError",
        ErrorKind::Interrupted => "PinchpointError",
    }
}

/// The Python exception for a core error; an interrupt is a `KeyboardInterrupt`.
pub fn to_py(py: Python<'_>, error: Error) -> PyErr {
    if error.kind == ErrorKind::Interrupted {
        return PyKeyboardInterrupt::new_err(());
    }
    named(py, class_name(error.kind), error.message)
}

/// A value as messages show it, cut short.
pub fn shown(value: &Bound<'_, PyAny>) -> String {
    let suggest = value.py().import("pinchpoint._suggest");
    let text = suggest.and_then(|module| module.call_method1("shorten", (value,)));
    text.and_then(|text| text.extract())
        .unwrap_or_else(|_| "?".to_owned())
}

/// An exception of `pinchpoint.errors` by the name of its class.
pub fn named(py: Python<'_>, class: &str, message: String) -> PyErr {
    let class = py
        .import("pinchpoint.errors")
        .and_then(|module| module.getattr(class))
        .and_then(|class| Ok(class.cast_into::<PyType>()?));
    match class {
        Ok(class) => PyErr::from_type(class, message),
        Err(broken) => broken,
    }
}
