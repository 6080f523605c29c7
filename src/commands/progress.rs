//! Progress on the terminal: a bar for people, an occasional line for log files.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

use crate::{base::console, transfer::progress::Progress};

/// The progress display.
pub struct Shown {
    task: JoinHandle<()>,
    bar: ProgressBar,
}

/// Shows progress on standard error, because standard output may be the exported file.
pub fn show(progress: &Progress, what: &'static str) -> Shown {
    const INTERVAL: Duration = Duration::from_millis(100);
    let bar = if std::io::stderr().is_terminal() {
        let style = ProgressStyle::with_template(
            "{msg} {wide_bar} {percent:>3}% {elapsed_precise} (left: {eta_precise})",
        );
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        style.map_or(bar.clone(), |style| bar.with_style(style))
    } else {
        ProgressBar::hidden()
    };
    let (progress, drawn) = (progress.clone(), bar.clone());
    let task = tokio::spawn(async move {
        let mut printed_tenths = 0;
        loop {
            tokio::time::sleep(INTERVAL).await;
            let (done, total, rows) = progress.look();
            if drawn.is_hidden() {
                // A line at each tenth.
                let tenths = done.saturating_mul(10).checked_div(total).unwrap_or(0);
                if tenths > printed_tenths {
                    printed_tenths = tenths;
                    let _ = writeln!(std::io::stderr(), "{what}: {rows} row(s), {}0%", tenths);
                }
            } else {
                drawn.set_length(total);
                drawn.set_position(done);
                drawn.set_message(format!("{what}: {rows} row(s)"));
            }
        }
    });
    Shown { task, bar }
}

impl Shown {
    /// Returns a function that prints a line above the bar.
    pub fn line_printer(&self) -> impl Fn(&str) + Send + 'static {
        let bar = self.bar.clone();
        move |line| bar.suspend(|| console::print(line))
    }

    /// Removes the display.
    pub fn end(self) {
        self.task.abort();
        self.bar.finish_and_clear();
    }
}
