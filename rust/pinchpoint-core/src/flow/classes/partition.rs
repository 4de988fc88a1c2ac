//! Classes of nodes, split by sums that several threads add up.

use crate::threads;

/// More classes are not few.
pub const MAX_CLASSES: usize = 32;
/// Nodes that make a second thread worth starting.
const GRAIN: usize = 1 << 15;
/// Counters of each class, used in turn: one would wait for its own last addition.
const LANES: usize = 4;
const NONE: u8 = u8::MAX;

/// Mixes the bits of `x`, so that sums of what comes out tell multisets apart.
#[inline(always)]
pub fn mix(x: u64) -> u64 {
    let product = x.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (product ^ product >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// Classes of nodes, numbered by their first node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// By node.
    pub class: Vec<u8>,
    /// Nodes of each class.
    pub sizes: Vec<u32>,
    /// The class of which each class was a part before the last split.
    pub from: Vec<u8>,
}

impl Partition {
    /// All nodes in one class.
    pub fn whole(n: usize) -> Self {
        Partition {
            class: vec![0; n],
            sizes: vec![n as u32],
            from: vec![0],
        }
    }

    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    pub fn class_of(&self, node: u32) -> usize {
        self.class[node as usize].into()
    }

    /// Splits every class by the sums of its nodes, those of all of `sums` together, which are set back
    /// to zero. Whether there are few classes still; if not, they are of no use.
    pub fn split(&mut self, sums: &mut [Vec<u64>]) -> bool {
        let n = self.class.len();
        let shares = threads::ranges(n, threads::worth(n, GRAIN));
        let mut parts: Vec<Vec<&mut [u64]>> = shares.iter().map(|_| Vec::new()).collect();
        for sums in sums {
            for (own, part) in parts.iter_mut().zip(threads::split(sums, &shares)) {
                own.push(part);
            }
        }
        let classes = threads::split(&mut self.class, &shares);
        let jobs = classes.into_iter().zip(parts);
        let numbered = threads::join(jobs.map(|(class, sums)| move || number(class, sums)));
        let mut all = Numbering::new();
        let mut names = Vec::new();
        for part in numbered {
            let Some(part) = part else {
                return false;
            };
            let mut name = [0; MAX_CLASSES];
            for (own, (from, key)) in part.keys.iter().enumerate() {
                let Some(number) = all.number(*from, *key) else {
                    return false;
                };
                all.sizes[0][usize::from(number)] += part.size(own);
                name[own] = number;
            }
            names.push(name);
        }
        let classes = threads::split(&mut self.class, &shares);
        // Of the first share the names are what they were.
        let others = classes.into_iter().zip(names).skip(1);
        threads::join(others.map(|(class, name)| {
            move || {
                for class in class {
                    *class = name[usize::from(*class) % MAX_CLASSES];
                }
            }
        }));
        self.sizes = all.sizes[0][..all.keys.len()].to_vec();
        self.from = all.keys.iter().map(|(from, _)| *from).collect();
        true
    }
}

/// Gives each node the number of its class and the sum of its `sums`; `None` if they are many.
// Not inlined, so that profilers tell it from other jobs.
#[inline(never)]
fn number(class: &mut [u8], mut sums: Vec<&mut [u64]>) -> Option<Numbering> {
    let mut numbers = Numbering::new();
    let (first, rest) = sums.split_first_mut().expect("there is a share");
    for more in rest {
        for (sum, more) in first.iter_mut().zip(more.iter_mut()) {
            *sum = sum.wrapping_add(*more);
            *more = 0;
        }
    }
    // What each class last met, at first nothing.
    let mut last = [(0, NONE); MAX_CLASSES];
    for (at, (class, sum)) in class.iter_mut().zip(first.iter_mut()).enumerate() {
        let own = &mut last[usize::from(*class) % MAX_CLASSES];
        if own.0 != *sum || own.1 == NONE {
            let key = mix(*sum ^ mix(u64::from(*class) + 1));
            *own = (*sum, numbers.number(*class, key)?);
        }
        *class = own.1;
        numbers.sizes[at % LANES][usize::from(own.1) % MAX_CLASSES] += 1;
        *sum = 0;
    }
    Some(numbers)
}

/// Numbers keys as they come.
#[derive(Debug)]
struct Numbering {
    /// By bits of the key: number and key.
    table: [(u8, u64); Self::SLOTS],
    /// Old class and key of each number.
    keys: Vec<(u8, u64)>,
    sizes: [[u32; MAX_CLASSES]; LANES],
}

impl Numbering {
    const BITS: u32 = 7;
    const SLOTS: usize = 1 << Self::BITS;

    fn new() -> Self {
        Numbering {
            table: [(NONE, 0); Self::SLOTS],
            keys: Vec::new(),
            sizes: [[0; MAX_CLASSES]; LANES],
        }
    }

    /// The number of `key`, of nodes of the old class `from`; `None` if it is one too many.
    fn number(&mut self, from: u8, key: u64) -> Option<u8> {
        let mut at = (key >> (u64::BITS - Self::BITS)) as usize;
        loop {
            match self.table[at] {
                (NONE, _) => {
                    let number = self.keys.len();
                    if number == MAX_CLASSES {
                        return None;
                    }
                    self.table[at] = (number as u8, key);
                    self.keys.push((from, key));
                    return Some(number as u8);
                }
                (number, known) if known == key => return Some(number),
                _ => at = (at + 1) % Self::SLOTS,
            }
        }
    }

    fn size(&self, number: usize) -> u32 {
        self.sizes.iter().map(|lane| lane[number]).sum()
    }
}
