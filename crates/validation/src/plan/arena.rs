//! Where plans live. Each stays in its place as long as the validator does, so plans can name each
//! other in circles, and a walk goes from one to the next without a lock or a count of references.

use std::sync::OnceLock;

use super::Node;

/// The place of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

/// How many plans the first chunk has room for; each of the next has room for twice as many.
const FIRST: usize = 64;

/// Room for more plans than all the world's definitions have elements.
const CHUNKS: usize = 24;

/// Room for plans, which are put in one by one.
type Chunk = Box<[OnceLock<Box<Node>>]>;

#[derive(Debug)]
pub(super) struct Nodes([OnceLock<Chunk>; CHUNKS]);

impl Default for Nodes {
    fn default() -> Self {
        Self([const { OnceLock::new() }; CHUNKS])
    }
}

impl Nodes {
    /// Puts a plan into a place that is free; `None` where there is no such place.
    pub fn put(&self, at: usize, node: Node) -> Option<NodeId> {
        let (chunk, offset) = place(at)?;
        let slots = self
            .0
            .get(chunk)?
            .get_or_init(|| (0..FIRST << chunk).map(|_| OnceLock::new()).collect());
        slots.get(offset)?.set(Box::new(node)).ok()?;
        u32::try_from(at).ok().map(NodeId)
    }

    /// The plan in a place.
    pub fn get(&self, NodeId(at): NodeId) -> Option<&Node> {
        let (chunk, offset) = place(usize::try_from(at).ok()?)?;
        self.0
            .get(chunk)?
            .get()?
            .get(offset)?
            .get()
            .map(|node| &**node)
    }
}

/// The chunk of a place, and where in it.
fn place(at: usize) -> Option<(usize, usize)> {
    let shifted = at.checked_add(FIRST)?;
    let chunk = usize::try_from(shifted.ilog2() - FIRST.ilog2()).ok()?;
    Some((chunk, shifted - (FIRST << chunk)))
}
