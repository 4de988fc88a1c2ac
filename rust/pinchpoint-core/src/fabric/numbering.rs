//! Names as numbers: what an edge list that calls its nodes by name is read with.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::monitor::Monitor;
use crate::threads;

/// Texts that a thread of its own is worth.
const GRAIN: usize = 1 << 17;
/// Texts between two looks at the monitor.
const BLOCK: usize = 1 << 16;
/// Texts of a heap, and how many heaps there are at most.
const HEAP: usize = 1 << 13;
const MAX_HEAPS: usize = 1 << 8;

/// Texts one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: Vec<u8>,
    /// Where each text ends; it starts where the one before does.
    ends: Vec<usize>,
}

impl Texts {
    /// Appends the texts whose bounds in `bytes` are each two neighbours of `bounds`, and which
    /// are UTF-8.
    ///
    /// # Errors
    ///
    /// `Graph`, naming the text, where bounds decrease, lie outside or cut a character.
    pub fn extend(&mut self, bounds: &[i64], bytes: &[u8]) -> Result<()> {
        let fault = |at: usize, why: &str| {
            let row = self.len() + at;
            Err(Error::new(ErrorKind::Graph, format!("text {row} {why}")))
        };
        let inside = |bound: i64| usize::try_from(bound).ok().filter(|b| *b <= bytes.len());
        for (at, pair) in bounds.windows(2).enumerate() {
            match (inside(pair[0]), inside(pair[1])) {
                (Some(start), Some(end)) if start <= end => {}
                _ => return fault(at, "lies outside its buffer"),
            }
        }
        let (Some(first), Some(last)) = (bounds.first(), bounds.last()) else {
            return Ok(());
        };
        let (first, last) = (*first as usize, *last as usize);
        let own = &bytes[first..last];
        if !own.is_ascii() {
            for (at, pair) in bounds.windows(2).enumerate() {
                if std::str::from_utf8(&bytes[pair[0] as usize..pair[1] as usize]).is_err() {
                    return fault(at, "is not UTF-8");
                }
            }
        }
        let shift = self.bytes.len();
        self.bytes.extend_from_slice(own);
        let ends = bounds[1..].iter().map(|end| *end as usize - first + shift);
        self.ends.extend(ends);
        Ok(())
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of one text.
    pub fn get(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..self.ends[at]]
    }

    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }
}

/// Numbers of texts, and the text of each number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbering {
    /// By text: its number.
    pub ids: Vec<u32>,
    /// By number: the text.
    pub names: Texts,
}

/// Numbers texts from 0 in the order in which each comes first; equal texts get one number.
///
/// Texts are dealt to heaps by their hash and copied there, so that looking one up stays within
/// a core's own cache; heaps are numbered side by side. Hashes are keyed anew in every run, so
/// that no file can choose them. The numbers depend on neither keys nor threads.
///
/// # Errors
///
/// `SizeLimit` for too many texts or too little memory, or the monitor's stop.
///
/// # Complexity
///
/// Expected O(bytes).
pub fn number(texts: &Texts, monitor: &dyn Monitor) -> Result<Numbering> {
    let count = texts.len();
    if count >= u32::MAX as usize {
        let message = format!("{count} names are too many; fewer than 2^32 - 1 can be numbered");
        return Err(Error::new(ErrorKind::SizeLimit, message));
    }
    let bytes = 64 * count as u64 + 3 * texts.bytes.len() as u64;
    memory::check(&format!("a table of {count} names"), bytes)?;
    let dealt = deal(texts, monitor)?;
    let heaps = dealt[0].len();
    let workers = threads::worth(count, GRAIN).min(heaps);
    let jobs = threads::ranges(heaps, workers).into_iter().map(|range| {
        let dealt = &dealt;
        move || {
            let number = |heap| number_heap(dealt.iter().map(move |hand| &hand[heap]), monitor);
            range.map(number).collect::<Result<Vec<_>>>()
        }
    });
    // By text: the first that is equal to it, and then its number.
    let mut ids = vec![0; count];
    let firsts = threads::join(jobs)
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    for (heap, firsts) in firsts.into_iter().flatten().enumerate() {
        monitor.poll()?;
        let rows = dealt.iter().flat_map(|hand| &hand[heap].rows);
        for (row, first) in rows.zip(firsts) {
            ids[*row as usize] = first;
        }
    }
    let mut names = Texts::default();
    for block in threads::blocks(0..count, BLOCK) {
        monitor.poll()?;
        for row in block {
            if ids[row] as usize == row {
                ids[row] = names.len() as u32;
                names.push(texts.get(row));
            } else {
                ids[row] = ids[ids[row] as usize];
            }
        }
    }
    Ok(Numbering { ids, names })
}

/// Texts whose hashes begin alike, in their order.
#[derive(Default)]
struct Heap {
    rows: Vec<u32>,
    texts: Texts,
}

/// Deals texts to heaps by the upper bits of their hashes, a range of texts per thread.
fn deal(texts: &Texts, monitor: &dyn Monitor) -> Result<Vec<Vec<Heap>>> {
    let count = texts.len();
    let state = RandomState::new();
    let heaps = (count / HEAP).next_power_of_two().min(MAX_HEAPS);
    let shift = 64 - heaps.trailing_zeros();
    let deal = |range: Range<usize>| -> Result<Vec<Heap>> {
        let mut hand: Vec<Heap> = (0..heaps).map(|_| Heap::default()).collect();
        for block in threads::blocks(range, BLOCK) {
            monitor.poll()?;
            for row in block {
                let text = texts.get(row);
                let hash = state.hash_one(text);
                let heap = &mut hand[hash.checked_shr(shift).unwrap_or(0) as usize];
                heap.rows.push(row as u32);
                heap.texts.push(text);
            }
        }
        Ok(hand)
    };
    let ranges = threads::ranges(count, threads::worth(count, GRAIN));
    let jobs = ranges.into_iter().map(|range| || deal(range));
    threads::join(jobs).into_iter().collect()
}

/// By text of a heap, which lies in several hands: the first row of its text.
fn number_heap<'a>(
    hands: impl Iterator<Item = &'a Heap>,
    monitor: &dyn Monitor,
) -> Result<Vec<u32>> {
    monitor.poll()?;
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    let mut firsts = Vec::new();
    for hand in hands {
        for (at, row) in hand.rows.iter().enumerate() {
            firsts.push(*known.entry(hand.texts.get(at)).or_insert(*row));
        }
    }
    Ok(firsts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::NoMonitor;

    fn texts(words: &[String]) -> Texts {
        let mut texts = Texts::default();
        for word in words {
            texts
                .extend(&[0, word.len() as i64], word.as_bytes())
                .unwrap();
        }
        texts
    }

    #[test]
    fn numbers_are_those_of_the_first_appearance() {
        let mut words: Vec<String> = (0..300_000_u64)
            .map(|i| format!("n{}", i * i % 70_001))
            .collect();
        words[7] = String::new();
        let found = number(&texts(&words), &NoMonitor).unwrap();
        let mut known = HashMap::new();
        for (word, id) in words.iter().zip(&found.ids) {
            let next = known.len() as u32;
            assert_eq!(*known.entry(word.as_bytes()).or_insert(next), *id);
            assert_eq!(found.names.get(*id as usize), word.as_bytes());
        }
        assert_eq!(known.len(), found.names.len());
    }

    #[test]
    fn texts_are_parts_of_a_buffer() {
        let mut texts = Texts::default();
        texts
            .extend(&[2, 4, 4, 6], "xxab\u{e9}yy".as_bytes())
            .unwrap();
        texts.extend(&[], b"").unwrap();
        texts.extend(&[0, 2], b"ab").unwrap();
        let found = number(&texts, &NoMonitor).unwrap();
        assert_eq!(found.ids, [0, 1, 2, 0]);
        assert_eq!(found.names.get(2), "\u{e9}".as_bytes());
    }

    #[test]
    fn bounds_that_lie_are_refused() {
        for (bounds, bytes) in [
            (&[0, 3][..], &b"ab"[..]),
            (&[-1, 1], b"ab"),
            (&[0, 2, 1], b"ab"),
            (&[1, 2, 3], "a\u{e9}".as_bytes()),
        ] {
            let mut texts = Texts::default();
            texts.extend(&[0, 1], b"q").unwrap();
            let error = texts.extend(bounds, bytes).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Graph);
            assert_eq!(texts.len(), 1);
        }
    }
}
