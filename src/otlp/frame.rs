//! Batches and pieces of requests, made by copying bytes and writing lengths anew. Nothing is decoded, so unknown fields
//! survive and every value stays the bytes that its sender wrote.

/// Joins requests of one signal into one: their repeated fields run on. The result has all resources of all bodies in order.
pub fn concat<'a>(bodies: impl IntoIterator<Item = &'a [u8], IntoIter: Clone>) -> Vec<u8> {
    let bodies = bodies.into_iter();
    let mut joined = Vec::with_capacity(bodies.clone().map(<[u8]>::len).sum());
    for body in bodies {
        joined.extend_from_slice(body);
    }
    joined
}
