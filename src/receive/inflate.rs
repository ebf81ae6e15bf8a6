//! Decompression of requests: bounded, charged to the budget as it grows, and off the reactor once it is large.

use std::io::{BufRead, Read};

use bytes::buf::Reader;
use bytes::{Buf as _, Bytes};
use flate2::bufread::MultiGzDecoder;

use crate::receive::admission::Reservation;
use crate::receive::errors::Reason;
use crate::receive::intake::INLINE_BYTES_MAX;

/// How far a bomb may pass the limit before it is noticed, and how the output grows.
const STEP_BYTES: usize = 64 * 1024;
/// Room to read in when the claimed size is reached.
const END_BYTES: usize = 64;
/// Largest zstd window, as its exponent: 8 MiB, what the format asks every decoder to bear (RFC 8878, 3.1.1.1.2).
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How a message is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    /// The encoding of a header's value.
    ///
    /// # Errors
    /// [`Reason::Encoding`] for every other one, and for lists of several.
    pub(crate) fn parse(value: Option<&http::HeaderValue>) -> Result<Self, Reason> {
        let Some(value) = value else { return Ok(Self::Identity) };
        let name = value.as_bytes().trim_ascii();
        if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
            Ok(Self::Identity)
        } else if name.eq_ignore_ascii_case(b"gzip") {
            Ok(Self::Gzip)
        } else if name.eq_ignore_ascii_case(b"zstd") {
            Ok(Self::Zstd)
        } else {
            Err(Reason::Encoding)
        }
    }
}

/// Decompresses a whole message of at most `bytes_max` bytes; an empty body is an empty message in every encoding.
///
/// # Errors
/// [`Reason::Malformed`] for corrupt or cut data and for anything after its end, [`Reason::TooLarge`], [`Reason::Busy`].
pub(crate) async fn inflate(
    encoding: Encoding,
    body: Bytes,
    bytes_max: usize,
    reservation: Reservation,
) -> Result<(Bytes, Reservation), Reason> {
    if encoding == Encoding::Identity || body.is_empty() {
        return if body.len() > bytes_max { Err(Reason::TooLarge) } else { Ok((body, reservation)) };
    }
    let mut work = Inflation::new(encoding, body, bytes_max, reservation)?;
    if !work.run(INLINE_BYTES_MAX)? {
        // Others on this thread should not wait for a large one.
        let rest = tokio::task::spawn_blocking(move || work.run(usize::MAX).map(|_| work));
        work = rest.await.map_err(|_| Reason::Busy)??;
    }
    Ok(work.finish())
}

struct Inflation {
    decoder: Decoder,
    claimed: usize,
    output: Vec<u8>,
    bytes_max: usize,
    reservation: Reservation,
}

enum Decoder {
    Gzip(Box<MultiGzDecoder<Reader<Bytes>>>),
    Zstd(zstd::stream::read::Decoder<'static, Reader<Bytes>>),
}

impl Inflation {
    fn new(encoding: Encoding, body: Bytes, bytes_max: usize, reservation: Reservation) -> Result<Self, Reason> {
        let claimed = expected_len(encoding, &body).min(bytes_max);
        let decoder = match encoding {
            Encoding::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(body.reader()).map_err(|_| Reason::Malformed)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|_| Reason::Malformed)?;
                Decoder::Zstd(decoder)
            }
            Encoding::Gzip | Encoding::Identity => Decoder::Gzip(Box::new(MultiGzDecoder::new(body.reader()))),
        };
        // Room beyond the claim, so that the end is seen without growing.
        let output = Vec::with_capacity(claimed.min(INLINE_BYTES_MAX) + END_BYTES);
        Ok(Self { decoder, claimed, output, bytes_max, reservation })
    }

    /// Inflates until the end (true) or until there are `pause_at` bytes (false).
    fn run(&mut self, pause_at: usize) -> Result<bool, Reason> {
        loop {
            if self.output.len() == self.output.capacity() {
                self.output.try_reserve_exact(self.more()).map_err(|_| Reason::Busy)?;
            }
            let step = (self.output.capacity() - self.output.len()).clamp(1, STEP_BYTES);
            let count = match &mut self.decoder {
                Decoder::Gzip(decoder) => take(decoder.as_mut(), step, &mut self.output)?,
                Decoder::Zstd(decoder) => take(decoder, step, &mut self.output)?,
            };
            self.reservation.grow(count)?;
            if self.output.len() > self.bytes_max {
                return Err(Reason::TooLarge);
            }
            if count < step {
                return self.ended();
            }
            if self.output.len() >= pause_at {
                return Ok(false);
            }
        }
    }

    /// How much room to add. What is grown out of stays with the allocator for a while, and pages that nothing was written to
    /// take no memory: so what is large grows once, to the claim, or to the limit where that was no truth.
    fn more(&self) -> usize {
        let len = self.output.len();
        let room = (self.bytes_max + STEP_BYTES).saturating_sub(len).max(1);
        if self.claimed > len {
            (self.claimed - len + END_BYTES).min(room)
        } else if len < INLINE_BYTES_MAX {
            len.max(STEP_BYTES).min(room)
        } else {
            room
        }
    }

    /// Nothing may follow the last member.
    fn ended(&mut self) -> Result<bool, Reason> {
        let rest = match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.get_mut().fill_buf(),
            Decoder::Zstd(decoder) => decoder.get_mut().fill_buf(),
        };
        rest.is_ok_and(<[u8]>::is_empty).then_some(true).ok_or(Reason::Malformed)
    }

    fn finish(self) -> (Bytes, Reservation) {
        let Self { mut output, mut reservation, .. } = self;
        if output.capacity() / 2 > output.len() {
            output.shrink_to_fit();
        }
        reservation.shrink_to(output.len());
        (output.into(), reservation)
    }
}

fn take(from: &mut impl Read, bytes: usize, to: &mut Vec<u8>) -> Result<usize, Reason> {
    from.take(bytes as u64).read_to_end(to).map_err(|_| Reason::Malformed)
}

/// The size that the data claims, which is only a hint for the first allocation.
fn expected_len(encoding: Encoding, body: &Bytes) -> usize {
    let claimed = match encoding {
        Encoding::Gzip => body.last_chunk::<4>().map(|trailer| u64::from(u32::from_le_bytes(*trailer))),
        _ => zstd::zstd_safe::get_frame_content_size(body).ok().flatten(),
    };
    // Deflate cannot do better than this; a claim of more is a mistake.
    let plausible = body.len().saturating_mul(1032);
    claimed.and_then(|size| usize::try_from(size).ok()).unwrap_or(0).clamp(1, plausible.max(1))
}
