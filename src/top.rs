//! `otel-bridge top`: what a running bridge shows, at a terminal. It is a client like any other: all it knows comes over
//! `otel_bridge.v1.Bridge/Watch`.
//!
//! ```text
//! watch ─▶ picture ─▶ lists ─▶ draw ─▶ terminal
//!                       ▲
//! keys ─────────────▶ screen
//! ```

mod draw;
mod figures;
mod link;
mod lists;
mod picture;
mod screen;
mod text;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt as _;
use ratatui::DefaultTerminal;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::tasks::Tasks;
use crate::top::link::{Link, News};
use crate::top::screen::{Screen, Then};

/// News that wait for the screen; the watch waits beyond that, and its server then leaves out what is old.
const NEWS_WAITING_MAX: usize = 4;

/// Whom to ask, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The bridge's OTLP/gRPC address, such as `http://127.0.0.1:4317`.
    pub endpoint: String,
    /// Headers of every call, such as credentials.
    pub headers: Vec<(String, String)>,
    /// A PEM file with the authorities to trust, instead of the system's.
    pub ca: Option<PathBuf>,
    /// Only this `service.name`.
    pub service: Option<String>,
    /// Only this `service.instance.id`.
    pub instance: Option<String>,
    /// Only this `deployment.environment.name`.
    pub environment: Option<String>,
}

/// Why there is no view.
#[derive(Debug, thiserror::Error)]
pub enum TopError {
    /// Standard output is a file or a pipe.
    #[error("`top` needs a terminal on standard input and output; for programs there is /api/v1/snapshot")]
    NoTerminal,
    /// The endpoint is no address.
    #[error("`{0}` is no endpoint; it takes one such as http://127.0.0.1:4317")]
    Endpoint(String),
    /// A header cannot be sent.
    #[error("the header `{0}` cannot be sent over gRPC")]
    Header(String),
    /// The authorities cannot be read.
    #[error("cannot use {path}: {reason}", path = path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The terminal went away, or does not take what is drawn.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
}

impl TopError {
    /// Whether the command line is to blame.
    pub const fn is_argument(&self) -> bool {
        match self {
            Self::Endpoint(_) | Self::Header(_) | Self::Authorities { .. } => true,
            Self::NoTerminal | Self::Terminal(_) => false,
        }
    }
}

/// Shows the bridge until `q` is pressed, a signal comes or the terminal goes. The terminal is as before afterwards, also after
/// a panic.
///
/// # Errors
/// [`TopError`]: wrong options, or no terminal. A bridge that cannot be reached is no error: the screen says so, and it is
/// tried again.
pub async fn run(options: Options) -> Result<(), TopError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(TopError::NoTerminal);
    }
    let link = Link::new(&options)?;
    let signals = Signals::listen()?;
    let tasks = Tasks::new();
    let (sender, news) = mpsc::channel(NEWS_WAITING_MAX);
    tasks.spawn(link.run(sender, tasks.token()));
    let mut terminal = Opened::open()?;
    let shown = show(&mut terminal.0, Screen::new(&options), news, signals).await;
    drop(terminal);
    tasks.cancel();
    tasks.join().await;
    shown
}

async fn show(
    terminal: &mut DefaultTerminal,
    mut screen: Screen,
    mut news: mpsc::Receiver<News>,
    mut signals: Signals,
) -> Result<(), TopError> {
    let mut keys = EventStream::new();
    // Ages count on between two messages.
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        terminal.draw(|frame| draw::draw(frame, &mut screen))?;
        let then = tokio::select! {
            told = news.recv() => match told {
                Some(told) => {
                    screen.hear(told);
                    // What came in the meantime is drawn at once.
                    while let Ok(told) = news.try_recv() {
                        screen.hear(told);
                    }
                    Then::Stay
                }
                None => Then::Quit,
            },
            event = keys.next() => match event {
                Some(Ok(Event::Key(key))) => screen.press(key),
                Some(Ok(_)) => Then::Stay,
                Some(Err(error)) => return Err(error.into()),
                None => Then::Quit,
            },
            _ = tick.tick() => Then::Stay,
            () = signals.come() => Then::Quit,
        };
        if then == Then::Quit {
            return Ok(());
        }
    }
}

/// The terminal while it is ours: raw, and on its second screen.
struct Opened(DefaultTerminal);

impl Opened {
    fn open() -> io::Result<Self> {
        // This also sees to a panic, whose message would be lost on the second screen.
        ratatui::try_init().map(Self).inspect_err(|_error| ratatui::restore())
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// The signals that end the view; Ctrl-C is a key as long as the terminal is raw.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> io::Result<Self> {
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
        let [terminate, interrupt, hangup] = kinds.map(signal);
        Ok(Self([terminate?, interrupt?, hangup?]))
    }

    async fn come(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
