//! The mails that the site has sent, parsed as a mail program does.

use std::{path::Path, time::Instant};

use mailparse::{MailHeaderMap, ParsedMail, parse_mail};

#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub headers: String,
    pub text: String,
    pub html: String,
}

impl Mail {
    /// The path of the first link to a page of this site in the text.
    pub fn link(&self) -> String {
        let line = self
            .text
            .lines()
            .find(|line| line.starts_with("http") && line.contains("/accounts/"))
            .unwrap_or_else(|| panic!("a link in {}", self.text));
        line[line.find("/accounts/").expect("a path")..].trim().to_owned()
    }

    pub fn code(&self) -> String {
        let (_, code) = self.text.split_once("enter this code: ").expect("a code");
        code.lines().next().expect("a line").trim().to_owned()
    }
}

/// All sent mails, the oldest first.
pub fn read_all(folder: &Path) -> Vec<Mail> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
        .collect();
    files.sort();
    files.iter().map(|file| parse(&std::fs::read(file).expect("a file"))).collect()
}

pub fn parse(bytes: &[u8]) -> Mail {
    let mail = parse_mail(bytes).expect("a mail");
    let part = |kind: &str| -> String {
        fn find<'a>(mail: &'a ParsedMail<'a>, kind: &str) -> Option<&'a ParsedMail<'a>> {
            if mail.ctype.mimetype == kind {
                return Some(mail);
            }
            mail.subparts.iter().find_map(|part| find(part, kind))
        }
        let body = find(&mail, kind).unwrap_or_else(|| panic!("a part of {kind}")).get_body();
        body.expect("a body").replace("\r\n", "\n")
    };
    Mail {
        to: mail.headers.get_first_value("To").unwrap_or_default(),
        subject: mail.headers.get_first_value("Subject").unwrap_or_default(),
        headers: String::from_utf8_lossy(mail.get_headers().get_raw_bytes()).into_owned(),
        text: part("text/plain"),
        html: part("text/html"),
    }
}

/// Waits for the mail queue by polling, not for a fixed time.
pub async fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < super::PATIENCE, "no mail {what}");
        tokio::task::yield_now().await;
    }
}
