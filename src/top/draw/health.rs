//! The first page: why the verdict is what it is, the figures, what is wrong, and what happened last.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::top::draw::{sign, style_of, verdict};
use crate::top::figures::{count, duration, known, percent, rate};
use crate::top::lists::{List, Mark, Tab};
use crate::top::picture::Picture;
use crate::top::screen::Screen;
use crate::top::text::printable;

/// Alerts that the page names; the others stand on their own page.
const ALERTS_SHOWN: usize = 10;

/// Draws the page; it scrolls where it is too long.
pub(super) fn draw(frame: &mut Frame<'_>, screen: &mut Screen, picture: &Picture, area: Rect) {
    let lines = lines(picture, screen.now());
    let page_rows = usize::from(area.height);
    // There is no row to choose: the keys move the page.
    let last = lines.len().saturating_sub(page_rows);
    let choice = screen.settle_lines(last + 1, 1);
    screen.page_rows = page_rows;
    let shown: Vec<Line<'_>> = lines.into_iter().skip(choice.index).take(page_rows).collect();
    frame.render_widget(Paragraph::new(shown), area);
}

fn lines(picture: &Picture, now: f64) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let (mark, status) = verdict(picture);
    lines.push(Line::styled(format!("{}{status} of 1", sign(mark)), style_of(mark)));
    let system = &picture.system;
    if system.reasons.is_empty() && system.status.is_some() {
        lines.push(Line::raw("  nothing is deducted"));
    }
    for reason in &system.reasons {
        let words =
            format!("  -{:.2}  {}: {}", reason.deduction, printable(&reason.subject), printable(&reason.message));
        lines.push(Line::raw(words));
    }
    for failure in &picture.errors {
        let words = format!("! {} cannot be read: {}", printable(&failure.part), printable(&failure.message));
        lines.push(Line::styled(words, style_of(Mark::Warning)));
    }
    lines.push(head("Figures"));
    lines.push(Line::raw(format!(
        "  {} items/s  {} errors  memory {}  CPU {}  up {}",
        rate(system.items_per_second),
        percent(system.error_rate),
        known(system.memory_usage_mb, |mb| format!("{mb:.0} MB")),
        known(system.cpu_usage_percent, |cpu| format!("{cpu:.1}%")),
        duration(system.uptime_seconds as f64),
    )));
    let silent = picture.services.values().filter(|told| told.item.status == "stale").count();
    let silent = if silent > 0 { format!(" ({silent} silent)") } else { String::new() };
    lines.push(Line::raw(format!(
        "  instances {}{silent}  pools {}  workers {}  traces {}  open spans {}",
        picture.services.len(),
        picture.pools.len(),
        count(picture.workers.len() as u64),
        count(system.total_traces),
        count(system.active_spans),
    )));
    lines.extend(alerts(picture, now));
    lines.extend(advice(picture));
    lines.extend(events(picture, now));
    lines
}

fn head(words: impl Into<String>) -> Line<'static> {
    Line::from(Span::styled(words.into(), Style::new().add_modifier(Modifier::BOLD)))
}

fn alerts(picture: &Picture, now: f64) -> Vec<Line<'static>> {
    let list = List::of(Tab::Alerts, picture, "", now);
    if list.rows.is_empty() {
        return vec![head("No alerts")];
    }
    let mut lines = vec![head(format!("Alerts ({})", list.rows.len()))];
    for row in list.rows.iter().take(ALERTS_SHOWN) {
        let words = format!("  {:<2} {}", row.mark.sign(), row.item.story());
        lines.push(Line::styled(words, style_of(row.mark)));
    }
    lines
}

fn advice(picture: &Picture) -> Vec<Line<'static>> {
    if picture.recommendations.is_empty() {
        return Vec::new();
    }
    let told = picture.recommendations.iter().take(ALERTS_SHOWN);
    let lines = told.map(|one| Line::raw(format!("  {}: {}", printable(&one.name), printable(&one.title))));
    std::iter::once(head("What to do")).chain(lines).collect()
}

fn events(picture: &Picture, now: f64) -> Vec<Line<'static>> {
    if picture.events.is_empty() {
        return Vec::new();
    }
    let line = |event: &crate::proto::v1::Event| {
        let words =
            format!("  {:>6} ago  {}: {}", duration(now - event.at), printable(&event.name), printable(&event.message));
        Line::raw(words)
    };
    std::iter::once(head("Events")).chain(picture.events.iter().map(line)).collect()
}
