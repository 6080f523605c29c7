//! A rendered mail, in plain text and in HTML with the same words.

use leptos::prelude::*;

/// The content of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailContent {
    /// The recipient's address.
    pub to: String,
    /// The name to greet, if it is known not to be text of a stranger.
    pub name: Option<String>,
    /// The subject.
    pub subject: String,
    /// The paragraphs before the button.
    pub paragraphs: Vec<String>,
    /// The button's label and URL.
    pub button: Option<(&'static str, String)>,
    /// A code that has the same effect as the button.
    pub code: Option<String>,
    /// The paragraphs after the button.
    pub closing: Vec<String>,
    /// Whether the account's activity says that it was sent.
    pub is_recorded: bool,
}

impl MailContent {
    fn greeting(&self) -> String {
        self.name.as_ref().map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"))
    }

    /// Renders the mail as plain text.
    pub fn text(&self, site_name: &str, base_url: &str) -> String {
        let mut parts = vec![self.greeting()];
        parts.extend(self.paragraphs.iter().cloned());
        if let Some((label, url)) = &self.button {
            parts.push(format!("{label}:\n{url}"));
        }
        if let Some(code) = &self.code {
            parts.push(format!("Or enter this code: {code}"));
        }
        parts.extend(self.closing.iter().cloned());
        parts.push(format!("-- \n{site_name}\n{base_url}\n"));
        parts.join("\n\n")
    }

    /// Renders the mail as HTML. Styles are inline, since mail programs drop others; nothing is
    /// loaded from elsewhere.
    pub fn html(&self, site_name: &str, base_url: &str) -> String {
        const BODY: &str =
            "font-family:system-ui,sans-serif;line-height:1.5;max-width:36em;margin:1.5em auto;padding:0 1em";
        const BUTTON: &str = "display:inline-block;padding:.6em 1.2em;border-radius:.5em;background:#2f5d50;color:#fff;text-decoration:none;font-weight:600";
        let Self { paragraphs, button, code, closing, subject, .. } = self.clone();
        let greeting = self.greeting();
        let paragraphs = paragraphs.into_iter().map(|text| view! { <p>{text}</p> }).collect_view();
        let button = button.map(|(label, url)| {
            view! {
                <p>
                    <a href=url style=BUTTON>
                        {label}
                    </a>
                </p>
            }
        });
        let code = code.map(|code| {
            view! {
                <p>
                    "Or enter this code: "
                    <strong style="font-family:monospace;font-size:1.2em;letter-spacing:.1em">{code}</strong>
                </p>
            }
        });
        let closing = closing.into_iter().map(|text| view! { <p>{text}</p> }).collect_view();
        let (site_name, base_url) = (site_name.to_owned(), base_url.to_owned());
        let owner = Owner::new();
        let html = owner.with(|| {
            view! {
                <!DOCTYPE html>
                <html lang="en">
                    <head>
                        <meta charset="utf-8" />
                        // As one escaped text: in a title, the markers between the parts of a view
                        // would be visible.
                        <title inner_html=subject.to_html() />
                    </head>
                    <body style=BODY>
                        <p>{greeting}</p>
                        {paragraphs}
                        {button}
                        {code}
                        {closing}
                        <p style="color:#57615d;font-size:.9em">
                            <a href=base_url>{site_name}</a>
                        </p>
                    </body>
                </html>
            }
            .to_html()
        });
        owner.unset();
        html
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_input_is_plain_text_in_both_parts() {
        let content = MailContent {
            to: "ada@example.com".into(),
            name: Some("<b>ada</b>".into()),
            subject: "Confirm".into(),
            paragraphs: vec!["One & two".into()],
            button: Some(("Confirm", "http://site/x?a=1&b=2".into())),
            code: Some("BCDF-GHJK".into()),
            closing: vec!["Bye".into()],
            is_recorded: true,
        };
        let text = content.text("Site", "http://site");
        assert!(
            text.starts_with("Hello <b>ada</b>,\n\nOne & two\n\nConfirm:\nhttp://site/x?a=1&b=2\n\n"),
            "{text}"
        );
        assert!(text.contains("BCDF-GHJK"));
        let html = content.html("Site", "http://site");
        assert!(html.contains("<title>Confirm</title>"), "{html}");
        assert!(html.contains("Hello &lt;b&gt;ada&lt;/b&gt;,") && html.contains("One &amp; two"), "{html}");
        assert!(!html.contains("<b>") && html.contains("BCDF-GHJK"), "{html}");
    }
}
