//! What is asked for again and again comes to fit what is kept.

#![cfg(target_os = "linux")]

use std::fs;

use pinchpoint_alloc::LargeBlocks;

#[global_allocator]
static ALLOCATOR: LargeBlocks = LargeBlocks;

/// Pages that this process touched for the first time so far.
fn first_touches() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().nth(7).unwrap().parse().unwrap()
}

/// Arrays as a long calculation makes and frees them: sizes, and how many of those before to free.
fn pattern(seed: u64) -> Vec<(usize, usize)> {
    let mut state = seed;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    (0..12)
        .map(|_| ((1 << 18) + random(12 << 20), random(3)))
        .collect()
}

#[test]
fn repeated_arrays_fit() {
    let mut late = 0;
    for seed in 0..40 {
        let arrays = pattern(seed);
        for turn in 0..16 {
            let before = first_touches();
            let mut held: Vec<Vec<u8>> = Vec::new();
            for (size, freed) in &arrays {
                held.push(vec![1; *size]);
                for _ in 0..*freed.min(&(held.len() - 1)) {
                    held.swap_remove(size % held.len());
                }
            }
            drop(held);
            if turn >= 12 {
                late += first_touches() - before;
            }
        }
    }
    assert!(late < 1000, "{late} pages were touched for the first time");
}
