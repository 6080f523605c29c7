//! How mails are sent.

use std::{fmt, net::IpAddr, path::PathBuf};

use serde::{Deserialize, Deserializer, de::Error};
use url::Url;

/// How mails are sent. A mail server's address may contain a password, so it is never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum MailTransport {
    /// Kept in memory and shown at `/dev/mailbox`.
    #[default]
    Mailbox,
    /// Written to this folder, one `.eml` file each.
    File(PathBuf),
    /// Sent by SMTP to the server with this address.
    Smtp(String),
}

impl MailTransport {
    /// Returns whether mails, and the links in them, can cross a network unencrypted.
    pub fn is_in_the_clear(&self) -> bool {
        let Self::Smtp(url) = self else {
            return false;
        };
        let Ok(url) = Url::parse(url) else {
            return true;
        };
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let is_here =
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let requires_tls = url.query_pairs().any(|pair| pair == ("tls".into(), "required".into()));
        url.scheme() == "smtp" && !requires_tls && !is_here
    }
}

impl<'de> Deserialize<'de> for MailTransport {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "mailbox" {
            return Ok(Self::Mailbox);
        }
        if let Some(folder) = text.strip_prefix("file:").map(|rest| rest.trim_start_matches("//"))
            && !folder.is_empty()
        {
            return Ok(Self::File(folder.into()));
        }
        let is_smtp = ["smtp://", "smtps://"].iter().any(|scheme| text.starts_with(scheme));
        // The error does not repeat the value: it may contain a password.
        if is_smtp && lettre::AsyncSmtpTransport::<lettre::Tokio1Executor>::from_url(&text).is_ok() {
            return Ok(Self::Smtp(text));
        }
        Err(D::Error::custom(
            "must be `mailbox`, `file:FOLDER`, or like `smtp://USER:PASSWORD@HOST:587?tls=required`",
        ))
    }
}

impl fmt::Debug for MailTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mailbox => f.write_str("mailbox"),
            Self::File(folder) => write!(f, "file:{}", folder.display()),
            Self::Smtp(_) => f.write_str("smtp://…"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transports() {
        let read = |text: &str| MailTransport::deserialize(serde_json::Value::from(text)).ok();
        assert_eq!(read("mailbox"), Some(MailTransport::Mailbox));
        assert_eq!(read("file:mails"), Some(MailTransport::File("mails".into())));
        assert_eq!(read("file:///var/mails"), Some(MailTransport::File("/var/mails".into())));
        for smtp in
            ["smtp://localhost:25", "smtps://ada:s3cret@mail.example:465", "smtp://a:b@c:587?tls=required"]
        {
            assert_eq!(read(smtp), Some(MailTransport::Smtp(smtp.into())), "{smtp}");
        }
        for wrong in ["", "file:", "smtp://", "http://example.org", "sendmail"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn transports_without_encryption() {
        for (url, is_in_the_clear) in [
            ("smtp://mail.example", true),
            ("smtp://ada:tls=required@mail.example", true),
            ("smtp://mail.example?tls=opportunistic", true),
            ("smtp://192.0.2.7:25", true),
            ("smtp://mail.example?tls=required", false),
            ("smtps://mail.example", false),
            ("smtp://localhost:25", false),
            ("smtp://127.0.0.1:25", false),
            ("smtp://[::1]:25", false),
        ] {
            assert_eq!(MailTransport::Smtp(url.into()).is_in_the_clear(), is_in_the_clear, "{url}");
        }
        assert!(!MailTransport::File("mails".into()).is_in_the_clear());
    }

    #[test]
    fn a_mail_servers_password_is_not_printed() {
        let transport = MailTransport::Smtp("smtp://ada:s3cret@mail.example".into());
        assert!(!format!("{transport:?}").contains("s3cret"));
    }
}
