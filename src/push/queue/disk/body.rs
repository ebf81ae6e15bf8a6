//! How a request is stored: compressed where that pays, with a checksum over all that is needed to forward it.

use bytes::Bytes;

/// Shorter bodies are stored as they are: packing them costs more than writing them.
const PACK_BYTES_MIN: usize = 1024;
/// A stored body that claims to be larger than this is damaged.
const BODY_BYTES_MAX: usize = 1024 * 1024 * 1024;
const RAW: u8 = 0;
const LZ4: u8 = 1;

/// A request as it is stored.
#[derive(Debug)]
pub(crate) struct Packed {
    /// How `bytes` are packed.
    pub(crate) codec: u8,
    /// What is stored.
    pub(crate) bytes: Bytes,
    /// See [`checksum`].
    pub(crate) crc: u32,
}

/// Packs a request.
pub(crate) fn pack(items: u64, body: &Bytes) -> Packed {
    let (codec, bytes) = if body.len() >= PACK_BYTES_MIN {
        let packed = lz4_flex::block::compress_prepend_size(body);
        if packed.len() < body.len() - body.len() / 8 { (LZ4, Bytes::from(packed)) } else { (RAW, body.clone()) }
    } else {
        (RAW, body.clone())
    };
    let crc = checksum(items, codec, &bytes);
    Packed { codec, bytes, crc }
}

/// The request that was packed; none when it is damaged.
pub(crate) fn unpack(items: u64, codec: u8, crc: u32, bytes: &[u8]) -> Option<Bytes> {
    if checksum(items, codec, bytes) != crc {
        return None;
    }
    match codec {
        RAW => Some(Bytes::copy_from_slice(bytes)),
        LZ4 => {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let length = u32::from_le_bytes(*length) as usize;
            // lz4 makes at most 255 bytes of one.
            if length > BODY_BYTES_MAX || length / 255 > rest.len() {
                return None;
            }
            lz4_flex::block::decompress(rest, length).ok().map(Bytes::from)
        }
        _ => None,
    }
}

fn checksum(items: u64, codec: u8, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&items.to_le_bytes());
    hasher.update(&[codec]);
    hasher.update(bytes);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever was packed comes back; any damage to one byte is noticed.
        #[test]
        fn round_trip_and_damage(body in prop::collection::vec(0..4u8, 0..5000), items in 0..1000u64, at in any::<usize>()) {
            let body = Bytes::from(body);
            let packed = pack(items, &body);
            prop_assert_eq!(unpack(items, packed.codec, packed.crc, &packed.bytes), Some(body));
            let mut damaged = packed.bytes.to_vec();
            if let Some(place) = at.checked_rem(damaged.len()) {
                damaged[place] ^= 0x10;
                prop_assert_eq!(unpack(items, packed.codec, packed.crc, &damaged), None);
            }
            prop_assert_eq!(unpack(items + 1, packed.codec, packed.crc, &packed.bytes), None);
        }

        /// Any bytes at all are refused or unpacked, and nothing more.
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..100), codec in 0..4u8) {
            let crc = checksum(1, codec, &bytes);
            let _ = unpack(1, codec, crc, &bytes);
        }
    }
}
