//! How mails go out.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, de::Error};

/// How mails go out. The address of a mail server may hold a password, so it is never printed (law 6).
#[derive(Clone, Default, PartialEq, Eq)]
pub enum MailTransport {
    /// Kept in memory, to be read at `/dev/mailbox`.
    #[default]
    Mailbox,
    /// An `.eml` file for each, in this folder.
    File(PathBuf),
    /// By SMTP, to this address.
    Smtp(String),
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
        // What is wrong with it is not repeated: it may hold a password.
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
    fn a_mail_servers_password_is_not_printed() {
        let transport = MailTransport::Smtp("smtp://ada:s3cret@mail.example".into());
        assert!(!format!("{transport:?}").contains("s3cret"));
    }
}
