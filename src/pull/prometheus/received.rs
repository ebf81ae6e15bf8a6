//! Generic received series: the hot loop of a large page.

use crate::pull::prometheus::page::Page;
use crate::pull::prometheus::target::Target;
use crate::pull::prometheus::{Format, writer};
use crate::state::series::{FamilyView, Name, Number, SeriesView, Value};

/// Writes the series of one name, instance by instance.
pub(super) fn write(page: &mut Page<'_>, name: &Name, places: &[(usize, u32)]) {
    let Page { out, targets, sources, format, covers_plain, .. } = page;
    let mut lines = Lines { skips_plain: *covers_plain, ..Lines::new(&name.text, *format) };
    for (place, family) in places {
        let Some(target) = targets.get(*place).and_then(Option::as_ref) else { continue };
        sources.series.read_table(target.id, &mut |table| {
            // The table may have been swept since the page began: then another family may stand there.
            if let Some(view) = table.family(*family).filter(|view| *view.name().text == *name.text) {
                lines.family(out, view, target);
            }
        });
    }
}

/// The lines of one name.
struct Lines<'a> {
    name: &'a str,
    format: Format,
    /// Scope and target labels of the present family.
    tail: String,
    /// Whether series without labels of their own are left out.
    skips_plain: bool,
}

impl<'a> Lines<'a> {
    fn new(name: &'a str, format: Format) -> Self {
        Self { name, format, tail: String::new(), skips_plain: false }
    }

    fn family(&mut self, out: &mut String, view: FamilyView<'_>, target: &Target) {
        self.set_tail(view.scope(), &target.labels_after(""));
        let skips_plain = self.skips_plain;
        for series in view.series().filter(|series| !(skips_plain && series.labels.is_empty())) {
            if target.has_extras() {
                self.set_tail(view.scope(), &target.labels_after(series.labels));
            }
            self.series(out, series);
        }
    }

    fn set_tail(&mut self, scope: &str, target: &str) {
        self.tail.clear();
        self.tail.push_str(scope);
        if !scope.is_empty() && !target.is_empty() {
            self.tail.push(',');
        }
        self.tail.push_str(target);
    }

    #[inline]
    fn series(&self, out: &mut String, series: SeriesView<'_>) {
        match series.value {
            Value::Number(value) => {
                self.start(out, "", series.labels);
                match value.total() {
                    Number::Int(value) => writer::integer(out, value),
                    Number::Float(value) => writer::number(out, value),
                }
                out.push('\n');
            }
            Value::Histogram(one) => {
                let mut cumulated = 0u64;
                let buckets = one.bounds.iter().zip(&*one.counts).map(|(bound, count)| {
                    cumulated = cumulated.saturating_add(*count);
                    (*bound, cumulated)
                });
                self.buckets(out, series.labels, buckets, one.count);
                self.sum_and_count(out, series.labels, one.sum, one.count);
            }
            Value::Exponential(one) => {
                self.buckets(out, series.labels, one.buckets(), one.count);
                self.sum_and_count(out, series.labels, one.sum, one.count);
            }
            Value::Summary(one) => {
                for (quantile, value) in &*one.quantiles {
                    self.start_with(out, "", series.labels, "quantile", *quantile);
                    writer::number(out, *value);
                    out.push('\n');
                }
                self.sum_and_count(out, series.labels, Some(one.sum), one.count);
            }
        }
    }

    /// X13: cumulated counts, and `+Inf` is the count.
    fn buckets(&self, out: &mut String, labels: &str, buckets: impl Iterator<Item = (f64, u64)>, count: u64) {
        for (bound, cumulated) in buckets.chain([(f64::INFINITY, count)]) {
            self.start_with(out, "_bucket", labels, "le", bound);
            writer::count(out, cumulated);
            out.push('\n');
        }
    }

    fn sum_and_count(&self, out: &mut String, labels: &str, sum: Option<f64>, count: u64) {
        if let Some(sum) = sum {
            self.start(out, "_sum", labels);
            writer::number(out, sum);
            out.push('\n');
        }
        self.start(out, "_count", labels);
        writer::count(out, count);
        out.push('\n');
    }

    #[inline]
    fn start(&self, out: &mut String, ending: &str, labels: &str) {
        out.push_str(self.name);
        writer::name_and_labels(out, ending, &[labels, &self.tail]);
    }

    fn start_with(&self, out: &mut String, ending: &str, labels: &str, key: &str, bound: f64) {
        out.push_str(self.name);
        out.push_str(ending);
        out.push('{');
        for text in [labels, &self.tail] {
            out.push_str(text);
            if !text.is_empty() {
                out.push(',');
            }
        }
        out.push_str(key);
        out.push_str("=\"");
        writer::bound(out, bound, self.format);
        out.push_str("\"} ");
    }
}
