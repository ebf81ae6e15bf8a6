//! Drawing: a title, the verdict, the pages, and one of them. Nothing is told by colour alone.

mod health;
mod help;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Clear, Paragraph, Row as TableRow, Table, Wrap};
use tokio::time::Instant;

use crate::top::figures::{count, duration};
use crate::top::lists::{Column, Item, List, Mark, Tab, problems};
use crate::top::picture::Picture;
use crate::top::screen::{Mode, Screen, Standing};
use crate::top::text::printable;

/// Smallest terminal that has something to say.
const WIDTH_MIN: u16 = 20;
/// Likewise.
const HEIGHT_MIN: u16 = 6;
/// Height of a page from which on the chosen row is told in full below it.
const STORY_FROM: u16 = 8;
/// Lines of that.
const STORY_LINES: u16 = 3;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, screen: &mut Screen) {
    let area = frame.area();
    if area.width < WIDTH_MIN || area.height < HEIGHT_MIN {
        let words = format!("too small: {}x{}, needs {WIDTH_MIN}x{HEIGHT_MIN}", area.width, area.height);
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }), area);
        return;
    }
    let rows = [
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
    ];
    let [title, verdict, tabs, body, foot] = Layout::vertical(rows).areas(area);
    draw_title(frame, screen, title);
    draw_verdict(frame, screen, verdict);
    draw_tabs(frame, screen, tabs);
    // The picture is put back: drawing moves the choice in the screen while it reads the picture.
    match screen.picture.take() {
        Some(picture) => {
            draw_body(frame, screen, &picture, body);
            screen.picture = Some(picture);
        }
        None => frame.render_widget(Paragraph::new(nothing_yet(screen)).wrap(Wrap { trim: true }), body),
    }
    draw_foot(frame, screen, foot);
    if screen.mode == Mode::Help {
        frame.render_widget(Clear, body);
        help::draw(frame, body);
    }
}

fn style_of(mark: Mark) -> Style {
    match mark {
        Mark::Fine => Style::new(),
        Mark::Warning => Style::new().fg(Color::Yellow),
        Mark::Critical => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
    }
}

fn draw_title(frame: &mut Frame<'_>, screen: &Screen, area: Rect) {
    let mut words = format!("otel-bridge top  {}", printable(&screen.endpoint));
    if !screen.scope.is_empty() {
        words = format!("{words}  only {}", printable(&screen.scope));
    }
    let state = match (&screen.standing, &screen.picture) {
        (Standing::Connecting, _) => "connecting".to_owned(),
        (Standing::Live, Some(picture)) => format!("live, snapshot {}", picture.snapshot_id),
        (Standing::Live, None) => "live".to_owned(),
        (Standing::Lost { .. }, _) => "NOT CONNECTED".to_owned(),
    };
    let [left, right] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(state.chars().count() as u16 + 1)]).areas(area);
    frame.render_widget(Line::styled(words, Style::new().add_modifier(Modifier::BOLD)), left);
    frame.render_widget(Line::raw(state).alignment(Alignment::Right), right);
}

/// One line that says how things are; while there is no connection, that is what it says.
fn draw_verdict(frame: &mut Frame<'_>, screen: &Screen, area: Rect) {
    if let Standing::Lost { reason, again_at } = &screen.standing {
        let left = again_at.saturating_duration_since(Instant::now()).as_secs_f64().ceil();
        let age = screen.picture.as_ref().map(|_| format!(", as of {} ago", duration(screen.silence().as_secs_f64())));
        let again = if left > 0.0 { format!("again in {}", duration(left)) } else { "trying again".to_owned() };
        let words = format!("!! UNREACHABLE ({again}{}): {}", age.unwrap_or_default(), printable(reason));
        frame.render_widget(Line::styled(words, style_of(Mark::Critical)), area);
        return;
    }
    let Some(picture) = &screen.picture else { return };
    let (mark, status) = verdict(picture);
    let mut spans = vec![Span::styled(format!("{}{status}", sign(mark)), style_of(mark).add_modifier(Modifier::BOLD))];
    let system = &picture.system;
    let troubled = problems(&picture.workers, Item::Worker, screen.now());
    let workers = if troubled > 0 { format!(" ({} !)", count(troubled as u64)) } else { String::new() };
    spans.push(Span::raw(format!(
        "  components {}/{}  workers {}{workers}  alerts ",
        system.components_healthy,
        system.components_total,
        count(picture.workers.len() as u64),
    )));
    let alerts_mark = match (system.alerts_critical, system.alerts_warning) {
        (0, 0) => Mark::Fine,
        (0, _) => Mark::Warning,
        _ => Mark::Critical,
    };
    let alerts = format!("{} critical, {} warning", system.alerts_critical, system.alerts_warning);
    spans.push(Span::styled(alerts, style_of(alerts_mark)));
    frame.render_widget(Line::from(spans), area);
}

/// The health of everything in scope, in words.
fn verdict(picture: &Picture) -> (Mark, String) {
    let Some((status, score)) = picture.system.status.as_deref().zip(picture.system.health_score) else {
        return (Mark::Warning, "NOTHING IN SCOPE".to_owned());
    };
    let mark = match status {
        "healthy" => Mark::Fine,
        "degraded" => Mark::Warning,
        _ => Mark::Critical,
    };
    (mark, format!("{} {score:.2}", printable(status).to_uppercase()))
}

fn sign(mark: Mark) -> String {
    let sign = mark.sign();
    if sign.is_empty() { String::new() } else { format!("{sign} ") }
}

fn draw_tabs(frame: &mut Frame<'_>, screen: &Screen, area: Rect) {
    // Where there is no room for every title, the numbers stay, and the title of the page that is shown.
    let has_room = area.width >= 73;
    let mut spans = Vec::new();
    for (number, tab) in (1..).zip(Tab::ALL) {
        let is_shown = tab == screen.tab;
        let title = if has_room || is_shown { format!("{number} {}", tab.title()) } else { number.to_string() };
        spans.push(if is_shown {
            Span::styled(format!("[{title}]"), Style::new().add_modifier(Modifier::REVERSED))
        } else {
            Span::raw(title)
        });
        spans.push(Span::raw(" "));
    }
    frame.render_widget(Line::from(spans), area);
}

fn nothing_yet(screen: &Screen) -> String {
    match &screen.standing {
        Standing::Lost { .. } => {
            format!("No bridge answers at {}. It is tried again until it does.", printable(&screen.endpoint))
        }
        Standing::Connecting | Standing::Live => "Waiting for the first snapshot.".to_owned(),
    }
}

fn draw_body(frame: &mut Frame<'_>, screen: &mut Screen, picture: &Picture, area: Rect) {
    if screen.tab == Tab::Health {
        health::draw(frame, screen, picture, area);
        return;
    }
    let list = screen.list(picture);
    let story_lines = if area.height >= STORY_FROM { STORY_LINES } else { 0 };
    let [table, story] = Layout::vertical([Constraint::Min(1), Constraint::Length(story_lines)]).areas(area);
    if list.rows.is_empty() {
        let words =
            if list.total == 0 { "None.".to_owned() } else { format!("None of {} matches the filter.", list.total) };
        frame.render_widget(Paragraph::new(words), table);
        return;
    }
    let page_rows = usize::from(table.height.saturating_sub(1));
    let choice = screen.settle(&list.rows, page_rows);
    draw_table(frame, screen, &list, (choice.index, choice.offset), table);
    if let Some(row) = list.rows.get(choice.index) {
        let place = format!("{}/{} ", choice.index + 1, list.rows.len());
        let words = Line::from(vec![
            Span::styled(place, Style::new().add_modifier(Modifier::BOLD)),
            Span::styled(row.item.story(), style_of(row.mark)),
        ]);
        frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }), story);
    }
}

fn draw_table(frame: &mut Frame<'_>, screen: &Screen, list: &List<'_>, choice: (usize, usize), area: Rect) {
    let columns = fitting(list.columns, area.width);
    let (chosen, offset) = choice;
    let now = screen.now();
    let aligned = |text: String, column: &Column| {
        let alignment = if column.is_figure { Alignment::Right } else { Alignment::Left };
        Cell::from(Line::raw(text).alignment(alignment))
    };
    let heads = columns.iter().map(|column| aligned(column.title.to_owned(), column));
    let heads = TableRow::new(std::iter::once(Cell::from("")).chain(heads))
        .style(Style::new().add_modifier(Modifier::UNDERLINED));
    let page = usize::from(area.height.saturating_sub(1));
    let rows = list.rows.iter().enumerate().skip(offset).take(page).map(|(index, row)| {
        let pointer = if index == chosen { ">" } else { " " };
        let cells = row.item.cells(now).into_iter().zip(columns).map(|(text, column)| aligned(text, column));
        let style =
            if index == chosen { style_of(row.mark).add_modifier(Modifier::REVERSED) } else { style_of(row.mark) };
        TableRow::new(std::iter::once(Cell::from(format!("{pointer}{}", row.mark.sign()))).chain(cells)).style(style)
    });
    let widths = columns.iter().enumerate().map(|(place, column)| match place {
        0 => Constraint::Min(column.width),
        _ => Constraint::Length(column.width),
    });
    let widths = std::iter::once(Constraint::Length(SIGNS_WIDTH)).chain(widths);
    frame.render_widget(Table::new(rows, widths).header(heads), area);
}

/// The pointer and the sign before each row.
const SIGNS_WIDTH: u16 = 3;

/// The columns that fit, from the left; the first is always there.
fn fitting(columns: &'static [Column], width: u16) -> &'static [Column] {
    let mut taken = SIGNS_WIDTH;
    let fits = columns.iter().take_while(|column| {
        taken = taken.saturating_add(column.width + 1);
        taken <= width
    });
    let number = fits.count().max(1);
    columns.get(..number).unwrap_or(columns)
}

fn draw_foot(frame: &mut Frame<'_>, screen: &Screen, area: Rect) {
    let dim = Style::new().add_modifier(Modifier::DIM);
    let line = match (screen.mode, screen.filter.is_empty()) {
        (Mode::Filter, _) => {
            Line::raw(format!("filter: {}_  (Enter keeps it, Esc drops it)", printable(&screen.filter)))
        }
        (_, false) if screen.tab != Tab::Health => {
            Line::raw(format!("filter: {}  (Esc drops it)  ? help  q quit", printable(&screen.filter)))
        }
        _ => Line::styled("1-7 pages  up/down rows  / filter  ? help  q quit", dim),
    };
    frame.render_widget(line, area);
}
