//! Prometheus' text format, version 0.0.4. Written by hand, because most figures are read from
//! where they are at each scrape, and the crates for it (prometheus-client) write OpenMetrics,
//! which `promtool check metrics` does not read.

use std::fmt::{Display, Write};

use crate::base::metrics::{BOUNDS, Histogram};

/// The text of all metrics.
#[derive(Debug, Default)]
pub struct Text {
    text: String,
    /// The metric that is being written.
    name: &'static str,
}

impl Text {
    /// Begins a number that only grows; its name ends in `_total`.
    pub fn counter(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "counter", help)
    }

    /// Begins a number that grows and shrinks.
    pub fn gauge(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "gauge", help)
    }

    /// Begins durations; the name ends in `_seconds`.
    pub fn histogram(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "histogram", help)
    }

    fn begin(&mut self, name: &'static str, kind: &str, help: &str) -> &mut Self {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        self.name = name;
        self
    }

    /// Writes a value of the metric that was begun last.
    pub fn value(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, value);
    }

    /// Writes the durations of the metric that was begun last.
    pub fn durations(&mut self, labels: &[(&str, &str)], histogram: &Histogram) {
        let counts = histogram.cumulative();
        let bounds = BOUNDS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(counts) {
            self.line("_bucket", &[labels, &[("le", bound.as_str())]].concat(), count);
        }
        self.line("_sum", labels, histogram.sum());
        self.line("_count", labels, counts[BOUNDS.len()]);
    }

    /// Returns the whole text.
    pub fn into_string(self) -> String {
        self.text
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> =
            labels.iter().map(|(name, text)| format!("{name}=\"{}\"", escaped(text))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{}{suffix}{labels} {value}", self.name);
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_format_is_that_of_prometheus() {
        let mut text = Text::default();
        text.counter("x_total", "Things.").value(&[("a", "q\"\\\n"), ("b", "/{id}")], 3);
        let histogram = Histogram::default();
        histogram.observe(Duration::from_millis(4));
        text.histogram("y_seconds", "Times.").durations(&[], &histogram);
        let expected = "# HELP x_total Things.\n# TYPE x_total counter\nx_total{a=\"q\\\"\\\\\\n\",b=\"/{id}\"} 3\n\
            # HELP y_seconds Times.\n# TYPE y_seconds histogram\ny_seconds_bucket{le=\"0.001\"} 0\n\
            y_seconds_bucket{le=\"0.005\"} 1\ny_seconds_bucket{le=\"0.02\"} 1\ny_seconds_bucket{le=\"0.1\"} 1\n\
            y_seconds_bucket{le=\"0.5\"} 1\ny_seconds_bucket{le=\"2\"} 1\ny_seconds_bucket{le=\"10\"} 1\n\
            y_seconds_bucket{le=\"+Inf\"} 1\ny_seconds_sum 0.004\ny_seconds_count 1\n";
        assert_eq!(text.into_string(), expected);
    }
}
