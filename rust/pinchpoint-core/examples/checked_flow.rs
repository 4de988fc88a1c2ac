//! Solves and checks the maximum flow of a file, for profilers.
//!
//! The file holds little-endian integers of 32 bits: nodes, source, sink and arcs, the tails, the
//! heads, and the capacities, all below 2^30, which Python keeps in 32 bits too.
use std::env;
use std::fs;

use pinchpoint_core::flow::{FlowProblem, Options, Terminal, max_flow};
use pinchpoint_core::{Error, NoMonitor, certify};

fn main() -> Result<(), Error> {
    let path = env::args().nth(1).expect("the path of a file");
    let bytes = fs::read(path).expect("a file that can be read");
    let (words, _) = bytes.as_chunks::<4>();
    let word = |at: usize| u32::from_le_bytes(words[at]);
    let arcs = word(3) as usize;
    let ids = |first: usize| -> Vec<u32> { (first..first + arcs).map(word).collect() };
    let (tails, heads) = (ids(4), ids(4 + arcs));
    let capacity: Vec<i32> = ids(4 + 2 * arcs).iter().map(|own| *own as i32).collect();
    let problem = FlowProblem {
        num_nodes: word(0),
        tails: &tails,
        heads: &heads,
        capacity: &capacity,
        duplex: false,
        sources: &[Terminal::unlimited(word(1))],
        sinks: &[Terminal::unlimited(word(2))],
        node_capacity: None,
    };
    problem.validate()?;
    let answer = max_flow(&problem, &Options::default(), &NoMonitor)?;
    certify::flow::check(&problem, &answer, &NoMonitor)?;
    println!("{}", answer.value);
    Ok(())
}
