//! A connection's bytes under clocks: the head of a request must come in time, an idle connection goes, and a write makes
//! progress or the connection ends.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::limits;
use crate::listen::Timings;

/// What an HTTP/1 connection is doing, told by the service that it carries, and the head that it reads, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Phase(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    phase: AtomicU8,
    head: Mutex<Vec<u8>>,
}

const HEAD: u8 = 0;
const SERVING: u8 = 1;
const IDLE: u8 = 2;
/// HTTP/2 watches itself by pings.
const UNWATCHED: u8 = 3;

impl Phase {
    fn new(phase: u8) -> Self {
        Self(Arc::new(Shared { phase: AtomicU8::new(phase), head: Mutex::default() }))
    }

    /// The first bytes of a request are there.
    pub(crate) fn head() -> Self {
        Self::new(HEAD)
    }

    /// Reads are not watched.
    pub(crate) fn unwatched() -> Self {
        Self::new(UNWATCHED)
    }

    /// A request's headers are complete.
    pub(crate) fn serving(&self) {
        self.set(SERVING);
    }

    /// A request is answered.
    pub(crate) fn idle(&self) {
        self.set(IDLE);
    }

    /// Whether the head that was read gives a content length. The HTTP library drops it beside a transfer encoding, but a
    /// request with both may be an attempt to smuggle another one past a proxy.
    pub(crate) fn told_a_length(&self) -> bool {
        let head = self.0.head.lock().unwrap_or_else(PoisonError::into_inner);
        let name = b"content-length";
        head.split(|byte| *byte == b'\n')
            .any(|line| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
    }

    fn get(&self) -> u8 {
        self.0.phase.load(Ordering::Relaxed)
    }

    fn set(&self, phase: u8) {
        self.0.phase.store(phase, Ordering::Relaxed);
    }

    /// Keeps what may be a part of a head.
    fn keep(&self, bytes: &[u8], is_first: bool) {
        let mut head = self.0.head.lock().unwrap_or_else(PoisonError::into_inner);
        if is_first {
            head.clear();
        }
        let room = limits::HEADER_BYTES_MAX.saturating_sub(head.len()).min(bytes.len());
        head.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }
}

/// How long a client that is still sending may go on after its answer.
const LINGER: Duration = Duration::from_secs(2);
/// Reads of it in one turn.
const LINGER_READS_MAX: usize = 16;

/// A stream under clocks, after whose first bytes (read to tell the protocol) the rest follows.
#[derive(Debug)]
pub(crate) struct Paced<S> {
    inner: S,
    first: Bytes,
    phase: Phase,
    headers: Duration,
    idle: Duration,
    write: Duration,
    read_timer: Option<Timer>,
    write_timer: Option<Timer>,
    head_deadline: Option<Instant>,
    linger: Option<Pin<Box<Sleep>>>,
    /// Bytes went either way since the idle timer was set; a flush of nothing does not count.
    moved: bool,
}

/// A sleep that is kept and set again, since a connection needs it often.
#[derive(Debug)]
struct Timer {
    sleep: Pin<Box<Sleep>>,
    armed: bool,
}

impl Timer {
    fn set(place: &mut Option<Self>, deadline: Instant) -> &mut Self {
        let timer =
            place.get_or_insert_with(|| Self { sleep: Box::pin(tokio::time::sleep_until(deadline)), armed: false });
        if !timer.armed || timer.sleep.deadline() != deadline {
            timer.sleep.as_mut().reset(deadline);
            timer.armed = true;
        }
        timer
    }

    fn fired(&mut self, context: &mut Context<'_>) -> bool {
        let fired = self.sleep.as_mut().poll(context).is_ready();
        self.armed &= !fired;
        fired
    }
}

impl<S> Paced<S> {
    pub(crate) fn new(inner: S, first: Bytes, phase: Phase, timings: &Timings) -> Self {
        Self {
            inner,
            first,
            phase,
            headers: timings.headers,
            idle: timings.idle,
            write: timings.write,
            read_timer: None,
            write_timer: None,
            head_deadline: None,
            linger: None,
            moved: false,
        }
    }

    /// Nothing came: whether that has lasted too long.
    fn read_overdue(&mut self, context: &mut Context<'_>) -> bool {
        match self.phase.get() {
            HEAD => {
                let headers = self.headers;
                let deadline = *self.head_deadline.get_or_insert_with(|| Instant::now() + headers);
                Timer::set(&mut self.read_timer, deadline).fired(context)
            }
            // The timer runs on while requests come and go, and looks back when it fires: no clock is set for each. It is
            // armed while a request is served too, since nothing reads again only because its answer was written.
            SERVING => {
                if self.idle_fired(context) {
                    self.idle_fired(context);
                }
                false
            }
            IDLE => {
                let moved_before = self.moved;
                self.idle_fired(context) && (!moved_before || self.idle_fired(context))
            }
            _ => false,
        }
    }

    /// Whether the idle timer fires, which it is armed for where it is not.
    fn idle_fired(&mut self, context: &mut Context<'_>) -> bool {
        if !self.read_timer.as_ref().is_some_and(|timer| timer.armed) {
            Timer::set(&mut self.read_timer, Instant::now() + self.idle);
            self.moved = false;
        }
        self.read_timer.as_mut().is_some_and(|timer| timer.fired(context))
    }

    fn bytes_came(&mut self, bytes: &[u8]) {
        self.moved = true;
        match self.phase.get() {
            IDLE => {
                self.phase.set(HEAD);
                self.head_deadline = None;
                self.phase.keep(bytes, true);
            }
            HEAD => self.phase.keep(bytes, false),
            _ => {}
        }
    }

    /// Judges a write: progress takes the clock off, waiting too long is an error.
    fn written<T>(&mut self, result: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            if let Some(timer) = &mut self.write_timer {
                timer.armed = false;
            }
            return result;
        }
        if !self.write_timer.as_ref().is_some_and(|timer| timer.armed) {
            Timer::set(&mut self.write_timer, Instant::now() + self.write);
        }
        if self.write_timer.as_mut().is_some_and(|timer| timer.fired(context)) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> Paced<S> {
    /// A client that is still sending would lose the answer to a reset if the socket were closed over unread bytes. So they
    /// are read and thrown away, for a while; a client that sends nothing is not waited for.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut waste = [0; 4096];
        for _ in 0..LINGER_READS_MAX {
            let mut buffer = ReadBuf::new(&mut waste);
            match Pin::new(&mut self.inner).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.linger.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    return self
                        .linger
                        .as_mut()
                        .map_or(Poll::Ready(()), |linger| linger.as_mut().poll(context))
                        .map(Ok);
                }
            }
        }
        // A fast sender must not keep the thread.
        context.waker().wake_by_ref();
        self.linger.as_mut().map_or(Poll::Pending, |linger| linger.as_mut().poll(context)).map(Ok)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.first.is_empty() {
            let some = this.first.len().min(buffer.remaining());
            let first = this.first.copy_to_bytes(some);
            this.bytes_came(&first);
            buffer.put_slice(&first);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.inner).poll_read(context, buffer);
        if result.is_ready() {
            this.bytes_came(buffer.filled().get(before..).unwrap_or_default());
            return result;
        }
        if this.read_overdue(context) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.moved |= result.is_ready();
        self.written(result, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.moved |= result.is_ready();
        self.written(result, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(context);
        self.written(result, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.linger.is_none() {
            let result = Pin::new(&mut this.inner).poll_shutdown(context);
            ready!(this.written(result, context))?;
        }
        this.poll_linger(context)
    }
}
