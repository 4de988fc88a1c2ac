//! Newton's method on cuts: a rate that does not pass names the cut that stops it.

use super::{Node, Search};
use crate::bandwidth::Side;
use crate::error::{Error, ErrorKind, Result};

/// A rate per sender: `capacity / senders`, in the fabric's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub capacity: i128,
    /// Above zero.
    pub senders: u64,
}

impl Rate {
    /// In lowest terms.
    pub fn reduced(self) -> Rate {
        let (mut a, mut b) = (self.capacity, i128::from(self.senders));
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Rate {
            capacity: self.capacity / a.max(1),
            senders: (i128::from(self.senders) / a.max(1)) as u64,
        }
    }

    fn is_less_than(self, other: Rate) -> bool {
        self.capacity * i128::from(other.senders) < other.capacity * i128::from(self.senders)
    }
}

/// The best cut so far, over all receivers.
#[derive(Debug, Default)]
pub struct Found {
    pub best: Option<(Rate, Side, Node)>,
    pub tried: u64,
    pub near: u64,
    pub effort: (usize, usize),
}

/// A flow at some rate: whether every sender's data arrived, else the cut that stopped it.
pub enum Outcome {
    Passed,
    Stopped {
        /// What was sent, in units over the rate's denominator.
        value: i128,
        /// Senders on the source side.
        senders: u64,
        side: Side,
    },
}

/// Lowers the rate in `found` until it passes to `receiver`.
///
/// `into` is what the receiver can take in at most; `send` finds a maximum flow in which every
/// sender has `rate.capacity` to send over links of `rate.senders` times their capacity. Stops
/// after finitely many steps, because each cut has fewer senders than the one before.
pub fn lower(
    search: &Search<'_>,
    receiver: &Node,
    into: i128,
    found: &mut Found,
    mut send: impl FnMut(Rate) -> Result<Outcome>,
) -> Result<()> {
    let weight = search.weight(receiver);
    if weight == 0 {
        return Ok(());
    }
    let first = Rate {
        capacity: into,
        senders: weight,
    };
    let better = |found: &Found, rate: Rate| match &found.best {
        Some((best, _, _)) => rate.is_less_than(*best),
        None => true,
    };
    if better(found, first) {
        found.best = Some((first, search.all_but(receiver), receiver.clone()));
    }
    while let Some((rate, _, _)) = &found.best {
        if rate.capacity == 0 {
            break;
        }
        let rate = rate.reduced();
        let (value, senders, side) = match send(rate)? {
            Outcome::Passed => break,
            Outcome::Stopped {
                value,
                senders,
                side,
            } => (value, senders, side),
        };
        // The senders beyond the cut send all they have; the rest of the value crosses links.
        let crossing = value - rate.capacity * i128::from(weight - senders);
        let units = i128::from(rate.senders);
        let next = Rate {
            capacity: crossing / units,
            senders,
        };
        if senders == 0 || crossing % units != 0 || !better(found, next) {
            return Err(Error::new(
                ErrorKind::Certificate,
                "a rate was stopped by a cut that allows it",
            ));
        }
        found.best = Some((next, side, receiver.clone()));
    }
    found.tried += 1;
    Ok(())
}
