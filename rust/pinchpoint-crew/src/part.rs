//! A part of a vector in the making.

use std::mem::{self, MaybeUninit};

/// What one job writes, from front to back.
#[derive(Debug)]
pub struct Part<'a, T> {
    pub(crate) rest: &'a mut [MaybeUninit<T>],
}

impl<'a, T: Copy> Part<'a, T> {
    /// Writes `values`, as many as there is room for.
    #[inline(always)]
    pub fn extend(&mut self, values: impl IntoIterator<Item = T>) {
        let mut written = 0;
        let places = self.rest.iter_mut().zip(values);
        places.for_each(|(place, value)| {
            place.write(value);
            written += 1;
        });
        self.rest = &mut mem::take(&mut self.rest)[written..];
    }

    /// Writes `value` to all of the rest, which may then be changed anywhere.
    pub fn fill(&mut self, value: T) -> &'a mut [T] {
        let rest = mem::take(&mut self.rest);
        rest.fill(MaybeUninit::new(value));
        // SAFETY: all of it was just written.
        unsafe { &mut *(rest as *mut [MaybeUninit<T>] as *mut [T]) }
    }
}
