//! Reading a request's body: bounded, charged to the budget as it comes, and copied only when it comes in pieces.

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use crate::listen::{BodyTooSlow, BoxError, RequestBody};
use crate::receive::admission::Reservation;
use crate::receive::errors::Reason;

/// Least room that is made when a second piece comes.
const ROOM_BYTES_MIN: usize = 16 * 1024;

/// Looks at the first bytes before the rest is there; it may refuse.
pub(crate) type Early<'a> = &'a (dyn Fn(&[u8]) -> Result<(), Reason> + Sync);

/// Reads the whole body, of at most `bytes_max` bytes.
///
/// # Errors
/// [`Reason::TooLarge`] as soon as that is known, [`Reason::Busy`] when the budget has no room, what `early` says, and how the
/// body failed.
pub(crate) async fn whole(
    mut body: RequestBody,
    bytes_max: usize,
    early: Early<'_>,
    reservation: &mut Reservation,
) -> Result<Bytes, Reason> {
    let promised = body.size_hint().lower();
    if promised > bytes_max as u64 {
        return Err(Reason::TooLarge);
    }
    let mut pieces = Pieces::default();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| reason_of(&error))?;
        let Ok(piece) = frame.into_data() else { continue };
        if pieces.len() + piece.len() > bytes_max {
            return Err(Reason::TooLarge);
        }
        reservation.grow(piece.len())?;
        pieces.push(piece, promised as usize);
        early(pieces.bytes())?;
    }
    Ok(pieces.finish())
}

fn reason_of(error: &BoxError) -> Reason {
    if error.is::<BodyTooSlow>() {
        return Reason::TooSlow;
    }
    match error.downcast_ref::<hyper::Error>() {
        Some(error) if error.is_parse() || error.is_user() => Reason::Malformed,
        _ => Reason::Disconnected,
    }
}

/// The body so far. One piece stays what the connection read; more are gathered in one place.
#[derive(Debug, Default)]
struct Pieces {
    first: Bytes,
    gathered: BytesMut,
}

impl Pieces {
    fn len(&self) -> usize {
        self.first.len() + self.gathered.len()
    }

    fn bytes(&self) -> &[u8] {
        if self.gathered.is_empty() { &self.first } else { &self.gathered }
    }

    fn push(&mut self, piece: Bytes, promised: usize) {
        if self.len() == 0 {
            self.first = piece;
            return;
        }
        if self.gathered.is_empty() {
            // What is promised is made room for only as far as something of its size is there already.
            let have = self.first.len() + piece.len();
            self.gathered.reserve(promised.min(have * 4).max(have).max(ROOM_BYTES_MIN));
            self.gathered.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.gathered.extend_from_slice(&piece);
    }

    fn finish(self) -> Bytes {
        if self.gathered.is_empty() { self.first } else { self.gathered.freeze() }
    }
}
