//! A table of what to expect at which second.

use leptos::prelude::*;

/// A row of the table: a span of time.
pub struct TimetableRow {
    /// The second at which it begins.
    pub from: u64,
    /// The span, in words.
    pub when: &'static str,
    /// What is expected then, for each column.
    pub expected: [&'static str; 2],
    /// What the lesson says.
    pub lesson: &'static str,
    /// Whether the lesson is right.
    pub lesson_is_right: bool,
}

/// The table of what to expect.
#[component]
pub fn Timetable(
    /// The table's caption.
    caption: &'static str,
    /// Headings of the two columns.
    columns: [&'static str; 2],
    /// The rows.
    rows: &'static [TimetableRow],
    /// The present second, if it is known.
    #[prop(optional_no_strip)]
    now: Option<u64>,
) -> impl IntoView {
    let present = now.map(|now| rows.iter().rposition(|row| row.from <= now).unwrap_or_default());
    let line = |(number, row): (usize, &'static TimetableRow)| {
        let is_now = present == Some(number);
        let verdict = if row.lesson_is_right { "right" } else { "wrong" };
        view! {
            <tr aria-current=is_now.then_some("true")>
                <th scope="row">{row.when} {is_now.then(|| view! { " " <span class="badge">"now"</span> })}</th>
                <td>{row.expected[0]}</td>
                <td>{row.expected[1]}</td>
                <td class=verdict>{format!("{} ({verdict})", row.lesson)}</td>
            </tr>
        }
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=caption>
            <table class="timetable">
                <caption>{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col">{columns[0]}</th>
                        <th scope="col">{columns[1]}</th>
                        <th scope="col">"The lesson says"</th>
                    </tr>
                </thead>
                <tbody>{rows.iter().enumerate().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROWS: [TimetableRow; 2] = [
        TimetableRow {
            from: 0,
            when: "first",
            expected: ["new", "new"],
            lesson: "so",
            lesson_is_right: true,
        },
        TimetableRow {
            from: 30,
            when: "then",
            expected: ["same", "same"],
            lesson: "not so",
            lesson_is_right: false,
        },
    ];

    #[test]
    fn the_current_row_is_marked() {
        for (now, marked) in [(Some(0), 1), (Some(29), 1), (Some(30), 2), (Some(9999), 2), (None, 0)] {
            let html = Owner::new()
                .with(|| view! { <Timetable caption="c" columns=["a", "b"] rows=&ROWS now /> }.to_html());
            let rows: Vec<&str> = html.split("<tr").skip(2).collect();
            let seen = rows.iter().position(|row| row.contains("aria-current")).map_or(0, |at| at + 1);
            assert_eq!(seen, marked, "{now:?}");
            assert!(rows[0].contains("(right)") && rows[1].contains("(wrong)"));
        }
    }
}
