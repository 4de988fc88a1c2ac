//! What can go wrong with an input. Broken invariants of our own are panics, not errors.

use std::fmt;

use crate::monitor::Stop;

/// The family of an [`Error`]; each has one exception class in Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// An id, length or shape that does not fit the graph.
    Graph,
    /// A capacity that is negative, not a number, or not representable.
    Capacity,
    /// A total that does not fit the integers used for it.
    Overflow,
    /// An unknown name, a coordinate out of range, an empty or overlapping selection.
    Selection,
    /// A fabric that cannot be built as described.
    Build,
    /// A flow that no cut bounds.
    Unbounded,
    /// A result too large for the memory limit, found before it is allocated.
    SizeLimit,
    /// An answer that its independent checker refused: a bug of ours.
    Certificate,
    /// Stopped by the user.
    Interrupted,
    /// Stopped by the time limit.
    TimeLimit,
}

/// A number of things in words: `1 node`, `5 nodes`.
pub fn counted(count: impl Into<u64>, thing: &str) -> String {
    match count.into() {
        1 => format!("1 {thing}"),
        count => format!("{count} {thing}s"),
    }
}

/// One clear sentence naming element, field and value, and its family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
}

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` that reads `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Interrupted => Error::new(ErrorKind::Interrupted, "interrupted"),
            Stop::TimeLimit => Error::new(
                ErrorKind::TimeLimit,
                "the time limit was reached before the answer was exact",
            ),
        }
    }
}
