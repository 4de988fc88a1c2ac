//! A partition of nodes into classes, each a union of disjoint blocks of one group.

use crate::fabric::{Block, BlockIndex};

/// What a class is to the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Terminal {
    Source,
    Sink,
    /// Neither: it only passes on.
    Inner,
}

/// Nodes that nothing seen so far tells apart.
#[derive(Debug, Clone)]
pub struct Class {
    pub group: usize,
    pub terminal: Terminal,
    /// Ids of its blocks.
    pub blocks: Vec<u32>,
    /// Number of nodes.
    pub size: u64,
}

/// The classes of a [`Symbolic`](super::Symbolic) graph and an index of their blocks per group.
#[derive(Debug, Default)]
pub struct Partition {
    pub classes: Vec<Class>,
    pieces: Vec<Placed>,
    live: usize,
    /// Blocks looked at so far: what refinement costs.
    looked_at: u64,
    groups: Vec<BlockIndex>,
}

#[derive(Debug)]
struct Placed {
    /// `None` once the block has been cut up.
    block: Option<Block>,
    class: u32,
    /// Where its class lists it.
    place: u32,
}

impl Partition {
    /// No classes yet, in a fabric of this many groups.
    pub fn new(num_groups: usize) -> Self {
        Partition {
            groups: (0..num_groups).map(|_| BlockIndex::default()).collect(),
            ..Partition::default()
        }
    }

    /// Adds a class of disjoint blocks; returns its id.
    pub fn add_class(
        &mut self,
        group: usize,
        terminal: Terminal,
        blocks: impl IntoIterator<Item = Block>,
    ) -> u32 {
        let id = self.classes.len() as u32;
        self.classes.push(Class {
            group,
            terminal,
            blocks: Vec::new(),
            size: 0,
        });
        for block in blocks {
            self.add_block(id, block);
        }
        id
    }

    /// Adds a block to a class.
    pub fn add_block(&mut self, class: u32, block: Block) {
        let id = self.pieces.len() as u32;
        self.live += 1;
        self.groups[self.classes[class as usize].group].insert(id, &block);
        self.pieces.push(Placed {
            block: Some(block),
            class,
            place: 0,
        });
        self.join_class(id, class);
    }

    /// A live block.
    pub fn block(&self, id: u32) -> &Block {
        self.pieces[id as usize]
            .block
            .as_ref()
            .expect("a class holds live blocks")
    }

    /// The class of a block.
    pub fn class_of(&self, id: u32) -> u32 {
        self.pieces[id as usize].class
    }

    /// The blocks of a class.
    pub fn blocks_of(&self, class: u32) -> impl Iterator<Item = &Block> {
        self.classes[class as usize]
            .blocks
            .iter()
            .map(|id| self.block(*id))
    }

    /// Calls `visit` with every block of `group` that meets `target`.
    pub fn meeting(
        &mut self,
        group: usize,
        target: &Block,
        mut visit: impl FnMut(u32, u32, &Block),
    ) {
        let pieces = &self.pieces;
        let looked_at = &mut self.looked_at;
        self.groups[group].candidates(
            target,
            |id| pieces[id as usize].block.as_ref(),
            |id, block| {
                *looked_at += 1;
                if block.intersects(target) {
                    visit(id, pieces[id as usize].class, block);
                }
            },
        );
    }

    /// Takes a block out of its class; the id dies.
    pub fn remove_block(&mut self, id: u32) {
        self.leave_class(id);
        self.live -= 1;
        self.pieces[id as usize].block = None;
    }

    /// Moves a whole block to another class of the same group.
    pub fn move_block(&mut self, id: u32, class: u32) {
        self.leave_class(id);
        self.join_class(id, class);
    }

    fn leave_class(&mut self, id: u32) {
        let piece = &self.pieces[id as usize];
        let (place, size) = (piece.place as usize, self.block(id).len());
        let class = &mut self.classes[piece.class as usize];
        class.size -= size;
        class.blocks.swap_remove(place);
        if let Some(moved) = class.blocks.get(place) {
            self.pieces[*moved as usize].place = place as u32;
        }
    }

    fn join_class(&mut self, id: u32, class: u32) {
        let size = self.block(id).len();
        let target = &mut self.classes[class as usize];
        let piece = &mut self.pieces[id as usize];
        piece.class = class;
        piece.place = target.blocks.len() as u32;
        target.blocks.push(id);
        target.size += size;
    }

    /// Number of blocks looked at in all searches so far.
    pub fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// Number of live blocks.
    pub fn num_blocks(&self) -> usize {
        self.live
    }
}
