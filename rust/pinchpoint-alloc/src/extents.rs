//! Free memory as ranges of addresses.

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub begin: usize,
    pub len: usize,
}

impl Extent {
    const NONE: Extent = Extent { begin: 0, len: 0 };

    fn end(&self) -> usize {
        self.begin + self.len
    }
}

/// Ranges held at most; an allocator can't allocate.
const SLOTS: usize = 64;

/// Ranges apart from each other, by address.
#[derive(Debug)]
pub struct Extents {
    slots: [Extent; SLOTS],
    used: usize,
    total: usize,
}

impl Extents {
    pub const fn new() -> Self {
        Extents {
            slots: [Extent::NONE; SLOTS],
            used: 0,
            total: 0,
        }
    }

    /// Bytes held.
    pub fn total(&self) -> usize {
        self.total
    }

    fn held(&self) -> &[Extent] {
        &self.slots[..self.used]
    }

    /// Takes `len` bytes off the front of the shortest range that has them.
    pub fn take(&mut self, len: usize) -> Option<usize> {
        let fits = self.held().iter().enumerate();
        let (at, _) = fits
            .filter(|(_, extent)| extent.len >= len)
            .min_by_key(|(_, extent)| extent.len)?;
        let extent = &mut self.slots[at];
        let begin = extent.begin;
        extent.begin += len;
        extent.len -= len;
        self.total -= len;
        if extent.len == 0 {
            self.close(at);
        }
        Some(begin)
    }

    /// Takes at most `most` bytes off the end of the longest range.
    pub fn take_longest(&mut self, most: usize) -> Option<Extent> {
        let held = self.held().iter().enumerate();
        let (at, longest) = held.max_by_key(|(_, extent)| extent.len)?;
        let len = most.min(longest.len);
        if len == 0 {
            return None;
        }
        let rest = &mut self.slots[at];
        rest.len -= len;
        self.total -= len;
        let begin = rest.end();
        if rest.len == 0 {
            self.close(at);
        }
        Some(Extent { begin, len })
    }

    /// Adds a range, joined to those it touches; says whether there was a slot for it.
    pub fn give(&mut self, extent: Extent) -> bool {
        let at = self
            .held()
            .partition_point(|held| held.begin < extent.begin);
        let after = at < self.used && extent.end() == self.slots[at].begin;
        let before = at > 0 && self.slots[at - 1].end() == extent.begin;
        match (before, after) {
            (true, true) => {
                self.slots[at - 1].len += extent.len + self.slots[at].len;
                self.close(at);
            }
            (true, false) => self.slots[at - 1].len += extent.len,
            (false, true) => {
                self.slots[at].begin = extent.begin;
                self.slots[at].len += extent.len;
            }
            (false, false) if self.used == SLOTS => return false,
            (false, false) => {
                self.slots.copy_within(at..self.used, at + 1);
                self.slots[at] = extent;
                self.used += 1;
            }
        }
        self.total += extent.len;
        true
    }

    fn close(&mut self, at: usize) {
        self.slots.copy_within(at + 1..self.used, at);
        self.used -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_held_once() {
        const UNIT: usize = 4096;
        let mut extents = Extents::new();
        let mut free = [false; 4096];
        let mut taken: Vec<Extent> = (0..1024)
            .map(|at| Extent {
                begin: 4 * at * UNIT,
                len: 4 * UNIT,
            })
            .collect();
        let mut state = 1u64;
        let mut random = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % below
        };
        let mut mark = |extent: Extent, to: bool| {
            let pages = &mut free[extent.begin / UNIT..extent.end() / UNIT];
            assert!(pages.iter().all(|is_free| *is_free != to), "{extent:?}");
            pages.fill(to);
        };
        for _ in 0..20_000 {
            if !taken.is_empty() && random(2) == 0 {
                let extent = taken.swap_remove(random(taken.len()));
                if extents.give(extent) {
                    mark(extent, true);
                } else {
                    taken.push(extent);
                }
            } else if random(50) == 0 {
                let most = UNIT * random(9);
                if let Some(extent) = extents.take_longest(most) {
                    let held = extents.held().iter();
                    assert!(extent.len == most || held.clone().all(|held| held.len <= extent.len));
                    mark(extent, false);
                    taken.push(extent);
                }
            } else {
                let len = UNIT * (1 + random(9));
                if let Some(begin) = extents.take(len) {
                    let extent = Extent { begin, len };
                    mark(extent, false);
                    taken.push(extent);
                } else {
                    assert!(extents.held().iter().all(|held| held.len < len));
                }
            }
            let held = extents.held();
            assert_eq!(extents.total(), held.iter().map(|held| held.len).sum());
            assert!(held.windows(2).all(|pair| pair[0].end() < pair[1].begin));
        }
    }
}
