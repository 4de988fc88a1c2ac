//! What is done with each edge in a pass.

use crate::flow::capacity::{Integer, Residue};

use super::list::{Edge, Step};
use super::{ACTIVE, DEEPEST, NONE};

/// Where what is pushed stops, and what is pulled.
pub struct Halfway {
    /// How far the sink is from there, and how far the source.
    pub levels: [u8; 2],
    /// By node: how far the sink is.
    pub label: Vec<u8>,
}

/// Labels the ends of edges that can carry something.
pub struct Labelling<'a, const SIDE: usize> {
    pub terminals: [u32; 2],
    pub label: &'a mut [u8],
    /// Of this block.
    pub highest: u8,
    pub changed: bool,
    pub deep: bool,
}

impl<R: Residue, const SIDE: usize> Step<R> for Labelling<'_, SIDE> {
    #[inline(always)]
    fn take(&mut self, edge: Edge<'_, R>) {
        let [a, b] = edge.ends;
        let (of_a, of_b) = (self.label[a as usize], self.label[b as usize]);
        let mut high = of_a.max(of_b);
        if of_a.abs_diff(of_b) > 1 {
            let (low, node, against) = if of_a > of_b {
                (of_b, a, 0)
            } else {
                (of_a, b, 1)
            };
            if edge.room(SIDE ^ against) > R::default() && !self.terminals.contains(&node) {
                high = low + 1;
                self.label[node as usize] = high;
                self.changed = true;
                self.deep |= high > DEEPEST;
            }
        }
        self.highest = self.highest.max(high);
    }
}

/// Sends excess down the labels.
///
/// Which side an edge belongs to, one label says, that of the end which flow comes from: how far the
/// sink is from there. What the sink lacks never gets to where that is more than halfway.
pub struct Sweep<'a, R, X, const SIDE: usize> {
    pub halfway: &'a Halfway,
    pub label: &'a mut [u8],
    pub amount: &'a mut [R],
    pub excess: &'a mut [X],
    /// What a node sends in a row is taken off at once, and what one gets is added at once.
    pub from: u32,
    pub left: X,
    pub to: u32,
    pub gained: X,
    pub moved: bool,
}

impl<R: Residue, X: Integer, const SIDE: usize> Step<R> for Sweep<'_, R, X, SIDE> {
    #[inline(always)]
    fn take(&mut self, edge: Edge<'_, R>) {
        let [a, b] = edge.ends;
        let (of_a, of_b) = (self.label[a as usize], self.label[b as usize]);
        if (of_a | of_b) & ACTIVE == 0 {
            return;
        }
        let (down_a, down_b) = (of_a & NONE, of_b & NONE);
        let (top, bottom, of_top, against) = if down_a > down_b {
            (a, b, of_a, 0)
        } else {
            (b, a, of_b, 1)
        };
        if of_top & ACTIVE == 0 || down_a == down_b {
            return;
        }
        let mine = if SIDE == 0 {
            of_top & NONE > self.halfway.levels[0]
        } else {
            self.halfway.label[bottom as usize] <= self.halfway.levels[0]
        };
        if !mine {
            return;
        }
        if top != self.from {
            self.change_sender(top);
        }
        if self.left == X::default() {
            return;
        }
        if bottom != self.to {
            self.excess[self.to as usize] += self.gained;
            (self.to, self.gained) = (bottom, X::default());
            self.label[bottom as usize] |= ACTIVE;
        }
        let direction = SIDE ^ against;
        let left = edge.room(direction) - signed(self.amount[edge.number], direction);
        let passed = self.left.min(to_sum(left));
        self.amount[edge.number] += signed(R::truncate(passed.wide()), direction);
        self.left -= passed;
        self.gained += passed;
        self.moved |= passed > X::default();
    }
}

impl<R: Residue, X: Integer, const SIDE: usize> Sweep<'_, R, X, SIDE> {
    #[inline(always)]
    fn change_sender(&mut self, from: u32) {
        self.excess[self.from as usize] = self.left;
        if self.left == X::default() {
            self.label[self.from as usize] &= NONE;
        }
        if from == self.to {
            self.excess[from as usize] += self.gained;
            // Its flag may be taken off: should it get more, that begins anew.
            self.gained = X::default();
            self.to = self.from;
        }
        self.from = from;
        self.left = self.excess[from as usize];
    }

    /// Whether anything moved.
    pub fn end(mut self) -> bool {
        self.change_sender(self.from);
        self.excess[self.to as usize] += self.gained;
        self.moved
    }
}

/// Finds what excess could still be sent to (0), or taken from (1).
pub struct Search<'a, R, const SIDE: usize> {
    pub terminals: [u32; 2],
    pub amounts: [&'a [R]; 2],
    pub reached: &'a mut [bool],
    pub changed: bool,
}

impl<R: Residue, const SIDE: usize> Step<R> for Search<'_, R, SIDE> {
    #[inline(always)]
    fn take(&mut self, edge: Edge<'_, R>) {
        let [a, b] = edge.ends;
        let (has_a, has_b) = (self.reached[a as usize], self.reached[b as usize]);
        if has_a == has_b {
            return;
        }
        let direction = SIDE ^ usize::from(has_b);
        let amount = self.amounts[0][edge.number] + self.amounts[1][edge.number];
        let left = edge.room(direction) - signed(amount, direction);
        let node = if has_a { b } else { a };
        if left > R::default() && !self.terminals.contains(&node) {
            self.reached[node as usize] = true;
            self.changed = true;
        }
    }
}

/// Takes excess back along the edges that brought it.
pub struct Withdrawal<'a, R, X, const SIDE: usize> {
    pub amount: &'a mut [R],
    pub excess: &'a mut [X],
}

impl<R: Residue, X: Integer, const SIDE: usize> Step<R> for Withdrawal<'_, R, X, SIDE> {
    #[inline(always)]
    fn take(&mut self, edge: Edge<'_, R>) {
        let [a, b] = edge.ends;
        let sent = self.amount[edge.number];
        if sent == R::default() {
            return;
        }
        let against = usize::from(sent < R::default());
        let (begin, end) = if SIDE == against { (a, b) } else { (b, a) };
        let left = self.excess[end as usize];
        if left == X::default() {
            return;
        }
        let back = left.min(to_sum(signed(sent, against)));
        self.amount[edge.number] -= signed(R::truncate(back.wide()), against);
        self.excess[end as usize] -= back;
        self.excess[begin as usize] += back;
    }
}

/// An amount in the direction of an edge (0), or against it (1).
#[inline(always)]
pub fn signed<R: Residue>(amount: R, direction: usize) -> R {
    if direction == 0 { amount } else { -amount }
}

/// An amount as part of a sum that has room for it.
#[inline(always)]
pub fn to_sum<R: Residue, X: Integer>(amount: R) -> X {
    X::truncate(amount.wide())
}
