//! What the keys do and what the signs mean.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Paragraph;

const WORDS: &str = "\
1 … 7, Tab      pages; also left and right
up, down        rows; also k and j, PgUp, PgDn, Home, End
/               show only rows with some text: a name, a state, a service
Esc             show all rows again
q, Ctrl-C       quit
!! critical     component failed or missing, breaker open, worker offline,
                silent or stuck (active for 60 s without progress)
!  warning      degraded, half-open, pool over 90 %, worker with many errors
-               not known
Problems stand first. The lines below a list tell the chosen row in full.
Any key closes this.";

/// Draws the page.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Paragraph::new(WORDS), area);
}
