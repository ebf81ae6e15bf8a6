//! Compression of outgoing requests: level 1, with contexts that are kept from one request to the next.

use bytes::{Bytes, BytesMut};
use flate2::{Compress, Compression as Level, Crc, FlushCompress, Status};

use crate::config::push::Compression;
use crate::push::client::buffer;

const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];
const GZIP_STEP_BYTES: usize = 16 * 1024;
const LEVEL: u32 = 1;

/// Contexts, made when first needed.
#[derive(Default)]
pub(crate) struct Compressor {
    deflate: Option<Compress>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl Compressor {
    /// Compresses the concatenation of `parts`, leaving `head` bytes free in front.
    pub(crate) fn pack(&mut self, compression: Compression, head: usize, parts: &[Bytes]) -> BytesMut {
        match compression {
            Compression::None => plain(head, parts),
            Compression::Gzip => self.gzip(head, parts),
            Compression::Zstd => self.zstd(head, parts),
        }
    }

    fn gzip(&mut self, head: usize, parts: &[Bytes]) -> BytesMut {
        let deflate = self.deflate.get_or_insert_with(|| Compress::new(Level::new(LEVEL), false));
        deflate.reset();
        let total: usize = parts.iter().map(Bytes::len).sum();
        let mut output: Vec<u8> = Vec::with_capacity(head + total / 4 + GZIP_STEP_BYTES);
        output.resize(head, 0);
        output.extend_from_slice(&GZIP_HEAD);
        let mut crc = Crc::new();
        for part in parts {
            crc.update(part);
            deflate_all(deflate, part, &mut output, FlushCompress::None);
        }
        deflate_all(deflate, &[], &mut output, FlushCompress::Finish);
        output.extend_from_slice(&crc.sum().to_le_bytes());
        output.extend_from_slice(&crc.amount().to_le_bytes());
        BytesMut::from(Bytes::from(output))
    }

    fn zstd(&mut self, head: usize, parts: &[Bytes]) -> BytesMut {
        if self.zstd.is_none() {
            self.zstd = zstd::bulk::Compressor::new(LEVEL as i32).ok();
        }
        let whole = plain(0, parts);
        let packed = self.zstd.as_mut().and_then(|context| context.compress(&whole).ok());
        // The context fails for want of memory alone; a frame of raw blocks is zstd as well.
        let packed = packed.unwrap_or_else(|| raw_frame(&whole));
        let mut output = buffer(head, packed.len());
        output.extend_from_slice(&packed);
        output
    }
}

fn plain(head: usize, parts: &[Bytes]) -> BytesMut {
    let mut output = buffer(head, parts.iter().map(Bytes::len).sum());
    for part in parts {
        output.extend_from_slice(part);
    }
    output
}

fn deflate_all(deflate: &mut Compress, mut input: &[u8], output: &mut Vec<u8>, flush: FlushCompress) {
    let finish = matches!(flush, FlushCompress::Finish);
    loop {
        if output.capacity() - output.len() < GZIP_STEP_BYTES / 4 {
            output.reserve(GZIP_STEP_BYTES);
        }
        let before = deflate.total_in();
        let status = deflate.compress_vec(input, output, flush);
        let eaten = (deflate.total_in() - before) as usize;
        input = input.get(eaten..).unwrap_or_default();
        match status {
            Ok(Status::StreamEnd) | Err(_) => return,
            Ok(Status::Ok | Status::BufError) if input.is_empty() && !finish => return,
            Ok(Status::Ok | Status::BufError) => {}
        }
    }
}

/// RFC 8878, 3.1.1: a frame without content size whose blocks are raw.
fn raw_frame(data: &[u8]) -> Vec<u8> {
    const BLOCK_BYTES_MAX: usize = 128 * 1024;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x38];
    let blocks = data.len().div_ceil(BLOCK_BYTES_MAX).max(1);
    for number in 0..blocks {
        let start = number * BLOCK_BYTES_MAX;
        let block = data.get(start..data.len().min(start + BLOCK_BYTES_MAX)).unwrap_or_default();
        let head = ((block.len() as u32) << 3) | u32::from(number + 1 == blocks);
        frame.extend(head.to_le_bytes().iter().take(3));
        frame.extend_from_slice(block);
    }
    frame
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Independent decoders read back what was packed, several times with one context.
        #[test]
        fn reads_back(parts in prop::collection::vec(prop::collection::vec(0..9u8, 0..40_000), 0..5), head in 0..6usize) {
            let parts: Vec<Bytes> = parts.into_iter().map(Bytes::from).collect();
            let whole = parts.concat();
            let mut compressor = Compressor::default();
            for _ in 0..2 {
                let gzip = compressor.pack(Compression::Gzip, head, &parts);
                let mut back = Vec::new();
                flate2::read::GzDecoder::new(&gzip[head..]).read_to_end(&mut back).unwrap();
                prop_assert_eq!(&back, &whole);
                let packed = compressor.pack(Compression::Zstd, head, &parts);
                prop_assert_eq!(&zstd::stream::decode_all(&packed[head..]).unwrap(), &whole);
                prop_assert_eq!(&compressor.pack(Compression::None, head, &parts)[head..], &whole[..]);
            }
            prop_assert_eq!(&zstd::stream::decode_all(&raw_frame(&whole)[..]).unwrap(), &whole);
        }
    }
}
