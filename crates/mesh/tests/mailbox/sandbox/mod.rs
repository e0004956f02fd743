//! Against NHS England's own sandbox of the service, with its own client on the other side.

mod incoming;
mod outgoing;
mod peer;

/// Bytes that gzip cannot press away.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u64;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.push(state as u8);
    }
    bytes
}
