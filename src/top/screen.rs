//! What the screen shows and how it answers keys.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::time::Instant;

use crate::top::Options;
use crate::top::link::News;
use crate::top::lists::{List, Row, Tab};
use crate::top::picture::Picture;

/// Characters of a filter.
const FILTER_MAX: usize = 64;

/// What a key leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Stay,
    Quit,
}

/// How the connection stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Standing {
    Connecting,
    Live,
    Lost { reason: String, again_at: Instant },
}

/// What keys mean now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Browse,
    /// A filter is being typed.
    Filter,
    Help,
}

/// Which row of a list is chosen; it stays chosen when the list moves beneath it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) index: usize,
    key: Option<String>,
    /// The first row that is shown.
    pub(super) offset: usize,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Screen {
    /// The last picture; None before the first message.
    pub(super) picture: Option<Picture>,
    pub(super) standing: Standing,
    pub(super) endpoint: String,
    pub(super) scope: String,
    pub(super) tab: Tab,
    pub(super) mode: Mode,
    pub(super) filter: String,
    /// Rows of a page, as it was last drawn.
    pub(super) page_rows: usize,
    heard_at: Option<Instant>,
    /// The last moment that was told, in Unix seconds on the bridge's clock.
    told_at: f64,
    choices: [Choice; Tab::ALL.len()],
}

impl Screen {
    pub(super) fn new(options: &Options) -> Self {
        let filters =
            [("service", &options.service), ("instance", &options.instance), ("environment", &options.environment)];
        let scope = filters.into_iter().filter_map(|(name, wanted)| Some(format!("{name}={}", wanted.as_ref()?)));
        Self {
            picture: None,
            standing: Standing::Connecting,
            endpoint: options.endpoint.clone(),
            scope: scope.collect::<Vec<_>>().join(" "),
            tab: Tab::Health,
            mode: Mode::Browse,
            filter: String::new(),
            page_rows: 1,
            heard_at: None,
            told_at: 0.0,
            choices: Default::default(),
        }
    }

    /// Takes in what the connection tells.
    pub(super) fn hear(&mut self, news: News) {
        match news {
            News::Connecting => {
                // The reason of the last failure stays readable while it is tried again.
                if !matches!(self.standing, Standing::Lost { .. }) {
                    self.standing = Standing::Connecting;
                }
            }
            News::Told(message) => {
                self.standing = Standing::Live;
                self.heard_at = Some(Instant::now());
                let picture = self.picture.get_or_insert_default();
                picture.hear(*message);
                self.told_at = picture.timestamp;
            }
            News::Lost { reason, retry_in } => {
                // What is shown stays as old as it was.
                self.told_at = self.now();
                self.standing = Standing::Lost { reason, again_at: Instant::now() + retry_in };
            }
        }
    }

    /// How long ago the bridge was last heard.
    pub(super) fn silence(&self) -> Duration {
        self.heard_at.map(|heard| heard.elapsed()).unwrap_or_default()
    }

    /// The moment on the bridge's clock, in Unix seconds; while the bridge is not heard, nothing grows older.
    pub(super) fn now(&self) -> f64 {
        let passed = if self.standing == Standing::Live { self.silence() } else { Duration::ZERO };
        self.told_at + passed.as_secs_f64()
    }

    /// Answers a key.
    pub(super) fn press(&mut self, key: KeyEvent) -> Then {
        if key.kind == KeyEventKind::Release {
            return Then::Stay;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return if matches!(key.code, KeyCode::Char('c' | 'd')) { Then::Quit } else { Then::Stay };
        }
        match self.mode {
            Mode::Browse => self.browse(key.code),
            Mode::Filter => {
                self.type_filter(key.code);
                Then::Stay
            }
            Mode::Help => {
                self.mode = Mode::Browse;
                if key.code == KeyCode::Char('q') { Then::Quit } else { Then::Stay }
            }
        }
    }

    fn browse(&mut self, code: KeyCode) -> Then {
        match code {
            KeyCode::Char('q') => return Then::Quit,
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Char('/') if self.tab != Tab::Health => self.mode = Mode::Filter,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char(digit @ '1'..='7') => {
                let place = digit.to_digit(10).unwrap_or(1) as usize - 1;
                self.tab = Tab::Health.further(place);
            }
            KeyCode::Tab | KeyCode::Right | KeyCode::Char('l') => self.tab = self.tab.further(1),
            KeyCode::BackTab | KeyCode::Left | KeyCode::Char('h') => self.tab = self.tab.further(Tab::ALL.len() - 1),
            KeyCode::Down | KeyCode::Char('j') => self.choose(|index, _| index.saturating_add(1)),
            KeyCode::Up | KeyCode::Char('k') => self.choose(|index, _| index.saturating_sub(1)),
            KeyCode::PageDown | KeyCode::Char(' ') => self.choose(usize::saturating_add),
            KeyCode::PageUp => self.choose(usize::saturating_sub),
            KeyCode::Home | KeyCode::Char('g') => self.choose(|_, _| 0),
            KeyCode::End | KeyCode::Char('G') => self.choose(|_, _| usize::MAX),
            _ => {}
        }
        Then::Stay
    }

    fn type_filter(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.mode = Mode::Browse,
            KeyCode::Esc => {
                self.filter.clear();
                self.mode = Mode::Browse;
            }
            KeyCode::Backspace => {
                self.filter.pop();
            }
            KeyCode::Char(letter) if self.filter.chars().count() < FILTER_MAX => self.filter.push(letter),
            _ => {}
        }
    }

    /// Moves the choice; `to` is given where it is and how many rows a page has.
    fn choose(&mut self, to: impl FnOnce(usize, usize) -> usize) {
        let page = self.page_rows.max(1);
        if let Some(choice) = self.choices.get_mut(self.tab.index()) {
            choice.index = to(choice.index, page);
            choice.key = None;
        }
    }

    /// Where the choice is among these rows, and which rows are shown; to be asked before each drawing.
    pub(super) fn settle(&mut self, rows: &[Row<'_>], page_rows: usize) -> Choice {
        let key_of = |index: usize| rows.get(index).map(|row| row.key.to_owned());
        let mut choice = self.settle_lines(rows.len(), page_rows);
        if let Some(key) = &choice.key
            && let Some(index) = rows.iter().position(|row| row.key == key)
            && index != choice.index
        {
            choice.offset = within(choice.offset, index, page_rows);
            choice.index = index;
        }
        // The first row is not held on to: whoever looks at the worst wants to see what gets worse.
        choice.key = key_of(choice.index).filter(|_| choice.index > 0);
        self.keep(&choice);
        choice
    }

    /// The same for a page of plain lines.
    pub(super) fn settle_lines(&mut self, lines: usize, page_rows: usize) -> Choice {
        self.page_rows = page_rows;
        let mut choice = self.choices.get(self.tab.index()).cloned().unwrap_or_default();
        choice.index = choice.index.min(lines.saturating_sub(1));
        choice.offset = within(choice.offset, choice.index, page_rows).min(lines.saturating_sub(page_rows));
        self.keep(&choice);
        choice
    }

    fn keep(&mut self, choice: &Choice) {
        if let Some(kept) = self.choices.get_mut(self.tab.index()) {
            kept.clone_from(choice);
        }
    }

    /// The list of the present page.
    pub(super) fn list<'a>(&self, picture: &'a Picture) -> List<'a> {
        List::of(self.tab, picture, &self.filter, self.now())
    }
}

/// The nearest offset at which the row is among those that are shown.
fn within(offset: usize, index: usize, page_rows: usize) -> usize {
    offset.clamp((index + 1).saturating_sub(page_rows.max(1)), index)
}
