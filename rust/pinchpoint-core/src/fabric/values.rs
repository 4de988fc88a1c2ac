//! What a user writes for a coordinate: a number, a slice, a list.

use super::names::quoted;
use super::subset::Subset;
use crate::error::{Error, ErrorKind, Result};

/// Values that are no range are written down one by one, up to so many.
const MOST_APART: usize = 1 << 24;

/// The values a selection asks of one coordinate.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    One(i64),
    List(Vec<i64>),
    /// Python's slice: bounds may be left out or count from the end; beyond the end they stop there.
    Slice {
        start: Option<i64>,
        stop: Option<i64>,
        step: Option<i64>,
    },
}

impl Values {
    /// The set of values within `0..size` of the coordinate `name` of `owner`.
    pub fn resolve(&self, size: u32, owner: &str, name: &str) -> Result<Subset> {
        let check = |value: i64| {
            if (0..i64::from(size)).contains(&value) {
                return Ok(value as u32);
            }
            let message = format!(
                "{name}={value} is out of range: coordinate {} of {owner} runs from 0 to {}",
                quoted(name),
                i64::from(size) - 1
            );
            Err(Error::new(ErrorKind::Selection, message))
        };
        let set = match self {
            Values::One(value) => Subset::single(check(*value)?),
            Values::List(values) => {
                let mut checked = Vec::with_capacity(values.len());
                for value in values {
                    checked.push(check(*value)?);
                }
                Subset::from_values(checked)
            }
            Values::Slice { start, stop, step } => {
                let step = step.unwrap_or(1);
                if step <= 0 {
                    let message =
                        format!("{name}: the slice step is {step}; it must be above zero");
                    return Err(Error::new(ErrorKind::Selection, message));
                }
                let length = i64::from(size);
                let clamp = |bound: i64| {
                    let bound = if bound < 0 { bound + length } else { bound };
                    bound.clamp(0, length) as u32
                };
                let (low, high) = (start.map_or(0, clamp), stop.map_or(size, clamp));
                if step == 1 {
                    Subset::range(low, high)
                } else {
                    let step = step.min(length.max(1)) as usize;
                    let count = (high.saturating_sub(low) as usize).div_ceil(step);
                    if count > MOST_APART {
                        let message = format!(
                            "{name} of {owner}: the slice selects {count} values apart; 2^24 is \
                             the most"
                        );
                        return Err(Error::new(ErrorKind::SizeLimit, message));
                    }
                    Subset::from_values((low..high).step_by(step))
                }
            }
        };
        if set.is_empty() {
            let message = format!(
                "{name} of {owner} selects no value of 0 to {}",
                i64::from(size) - 1
            );
            return Err(Error::new(ErrorKind::Selection, message));
        }
        Ok(set)
    }

    /// Reads `3`, `0:4`, `::2`, or a list such as `0,2,8:12`.
    fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| part.trim().parse::<i64>().ok();
        let bound = |part: &str| match part.trim() {
            "" => Some(None),
            part => part.parse::<i64>().ok().map(Some),
        };
        if let Some(value) = number(text) {
            return Some(Values::One(value));
        }
        if text.contains(',') {
            let mut values = Vec::new();
            for part in text.split(',') {
                match part.split_once(':') {
                    None => values.push(number(part)?),
                    Some((low, high)) => {
                        let (low, high) = (number(low)?, number(high)?);
                        // A range in a list is written out; a longer one is a slice of its own.
                        let count = usize::try_from(high.checked_sub(low)?).unwrap_or(0);
                        if values.len() + count > MOST_APART {
                            return None;
                        }
                        values.extend(low..high);
                    }
                }
            }
            return Some(Values::List(values));
        }
        let parts: Vec<&str> = text.split(':').collect();
        match parts.as_slice() {
            [start, stop] => Some(Values::Slice {
                start: bound(start)?,
                stop: bound(stop)?,
                step: None,
            }),
            [start, stop, step] => Some(Values::Slice {
                start: bound(start)?,
                stop: bound(stop)?,
                step: bound(step)?,
            }),
            _ => None,
        }
    }
}

/// A selection as text, taken apart: `name[coordinate=values, ...]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub name: String,
    pub conditions: Vec<(String, Values)>,
}

/// Reads `chip`, `chip[ultraserver=0]`, `chip[pod=3,slot=0:4,chip=0,2,5]`.
pub fn parse(text: &str) -> Result<Parsed> {
    let refuse = |why: &str| {
        let message = format!(
            "cannot read the selection {}: {why}; write for example \"chip[pod=3,slot=0:4]\"",
            quoted(text)
        );
        Err(Error::new(ErrorKind::Selection, message))
    };
    let trimmed = text.trim();
    let (name, inside) = match trimmed.split_once('[') {
        None => (trimmed, None),
        Some((name, rest)) => match rest.strip_suffix(']') {
            Some(inside) => (name.trim(), Some(inside)),
            None => return refuse("the closing bracket is missing"),
        },
    };
    if name.is_empty() {
        return refuse("it names no group");
    }
    let mut conditions: Vec<(String, String)> = Vec::new();
    for part in inside.unwrap_or("").split(',') {
        if part.trim().is_empty() {
            if inside.is_some_and(|inside| !inside.trim().is_empty()) {
                return refuse("a part between commas is empty");
            }
            continue;
        }
        match part.split_once('=') {
            Some((name, value)) => {
                conditions.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            // A part without "=" goes on with the list before it.
            None => match conditions.last_mut() {
                Some((_, list)) => {
                    list.push(',');
                    list.push_str(part.trim());
                }
                None => return refuse("a coordinate and \"=\" must come first"),
            },
        }
    }
    let mut read = Vec::with_capacity(conditions.len());
    for (name, value) in conditions {
        if read.iter().any(|(other, _)| *other == name) {
            return refuse(&format!("coordinate {} comes twice", quoted(&name)));
        }
        match Values::parse(&value) {
            Some(values) => read.push((name, values)),
            None => return refuse(&format!("{} is no number, slice or list", quoted(&value))),
        }
    }
    Ok(Parsed {
        name: name.to_owned(),
        conditions: read,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_are_read_as_written() {
        let parsed = parse("chip[pod=3, slot=0:4,chip=0,2,5:7]").unwrap();
        assert_eq!(parsed.name, "chip");
        assert_eq!(parsed.conditions[0], ("pod".into(), Values::One(3)));
        assert_eq!(parsed.conditions[2].1, Values::List(vec![0, 2, 5, 6]));
        for bad in [
            "",
            "chip[",
            "chip[=]",
            "chip[pod]",
            "chip[pod=x]",
            "chip[pod=1,pod=2]",
            "chip[pod=1,,slot=2]",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn slices_are_those_of_python() {
        let slice = |start, stop, step| Values::Slice { start, stop, step };
        let take = |values: Values| {
            values
                .resolve(10, "group chip", "chip")
                .map(|set| set.values().collect::<Vec<_>>())
        };
        assert_eq!(take(slice(Some(-3), None, None)).unwrap(), vec![7, 8, 9]);
        assert_eq!(take(slice(None, Some(99), Some(4))).unwrap(), vec![0, 4, 8]);
        assert!(take(slice(Some(5), Some(5), None)).is_err());
        assert!(
            take(Values::One(10))
                .unwrap_err()
                .message
                .contains("chip=10 is out of range")
        );
        assert!(take(Values::One(-1)).is_err());
    }
}
