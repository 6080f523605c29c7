//! Sends mails: by SMTP, to a folder, or to the development mailbox.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use tokio::sync::Notify;
use url::{Host, Url};

use super::{
    clock::Millis,
    config::{self, Config, Environment, MailTransport, is_loopback},
    email_address,
    failure::{Failure, chain},
    mail_content::MailContent,
};

/// Why a mail was not sent.
#[derive(Debug)]
pub struct NotSent {
    /// The reason, for the log and the operator.
    pub reason: String,
    /// Whether a retry is pointless.
    pub is_final: bool,
}

/// A mail in the development mailbox.
#[derive(Clone, Debug)]
pub struct Posted {
    /// When it was sent, in milliseconds since 1970.
    pub at: Millis,
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The URL of its button.
    pub link: Option<String>,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Folder(PathBuf),
    /// The latest comes first.
    Mailbox(Mutex<VecDeque<Posted>>),
}

/// How long a mail server may take for each of its answers. One mail needs nine of them at most.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends the site's mails by the configured transport.
pub struct Mailer {
    way: Way,
    from: Mailbox,
    site_name: String,
    base_url: String,
    woken: Notify,
}

impl Mailer {
    /// Creates a mailer with the configured transport.
    ///
    /// # Errors
    /// When the transport cannot be used.
    pub fn new(config: &Config, base_url: &Url) -> Result<Self, Failure> {
        let invalid = |error: &dyn std::fmt::Display| Failure::message(format!("mail.from: {error}"));
        let from = if config.mail.from.is_empty() {
            // Mail has no numeric hosts; such a site sends nothing except in tests.
            let host = base_url.domain().unwrap_or("localhost");
            Address::new("noreply", host).map_err(|error| invalid(&error))?
        } else {
            let from = email_address::wire(&config.mail.from).unwrap_or_default();
            from.parse().map_err(|error| invalid(&error))?
        };
        let way = match &config.mail.transport {
            // Checked again, for callers that build a configuration without its checks.
            MailTransport::Mailbox
                if config.site.environment == Environment::Production || !is_loopback(base_url) =>
            {
                return Err(Failure::message("mail.transport must be smtp://… or file:…"));
            }
            MailTransport::Mailbox => Way::Mailbox(Mutex::default()),
            MailTransport::File(folder) => {
                std::fs::create_dir_all(folder)
                    .map_err(|error| Failure::start("create the folder for mails (mail.transport)", error))?;
                Way::Folder(folder.clone())
            }
            MailTransport::Smtp(url) => Way::Smtp(Box::new(smtp(url, &config.tls, base_url)?)),
        };
        Ok(Self {
            way,
            from: Mailbox::new(Some(config.site.name.clone()), from),
            site_name: config.site.name.clone(),
            base_url: base_url.as_str().trim_end_matches('/').to_owned(),
            woken: Notify::new(),
        })
    }

    /// Wakes the mail worker. Call it after the commit that queued a mail.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// Waits for [`Self::wake`].
    pub async fn woken(&self) {
        self.woken.notified().await;
    }

    /// Returns the development mailbox, the latest mail first, or `None` with another transport.
    pub fn mailbox(&self) -> Option<Vec<Posted>> {
        match &self.way {
            Way::Mailbox(posted) => {
                Some(posted.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect())
            }
            _ => None,
        }
    }

    /// Sends one mail.
    ///
    /// # Errors
    /// [`NotSent`] with the reason when the mail was not accepted.
    pub async fn send(&self, id: i64, now: i64, content: &MailContent) -> Result<(), NotSent> {
        let never = |error: &dyn std::fmt::Display| NotSent { reason: error.to_string(), is_final: true };
        let message = || self.message(id, content).map_err(|error| never(&error));
        match &self.way {
            Way::Mailbox(posted) => {
                /// Bounds the memory; nobody looks further back.
                const MAX_MAILS: usize = 100;
                let mut posted = posted.lock().unwrap_or_else(PoisonError::into_inner);
                posted.push_front(Posted {
                    at: now,
                    to: content.to.clone(),
                    subject: content.subject.clone(),
                    text: content.text(&self.site_name, &self.base_url),
                    link: content.button.as_ref().map(|(_, url)| url.clone()),
                });
                posted.truncate(MAX_MAILS);
                Ok(())
            }
            Way::Folder(folder) => write(folder, id, &message()?.formatted())
                .await
                .map_err(|error| NotSent { reason: error.to_string(), is_final: false }),
            Way::Smtp(smtp) => match smtp.send(message()?).await {
                Ok(_) => Ok(()),
                Err(error) => Err(NotSent { is_final: is_about_the_mail(&error), reason: chain(&error) }),
            },
        }
    }

    fn message(
        &self,
        id: i64,
        content: &MailContent,
    ) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
        let (text, html) =
            (content.text(&self.site_name, &self.base_url), content.html(&self.site_name, &self.base_url));
        let to = email_address::wire(&content.to).ok_or("mail cannot be sent to this address")?;
        let to = Mailbox::new(None, to.parse()?);
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(content.subject.clone())
            .message_id(Some(format!("<{id:x}.{:016x}@{}>", rand::random::<u64>(), self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(text, html))?;
        // RFC 3834: keeps vacation responders from answering.
        message.headers_mut().insert_raw(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".into(),
        ));
        Ok(message)
    }
}

/// Creates a client for the mail server at this URL.
fn smtp(url: &str, tls: &config::Tls, base_url: &Url) -> Result<AsyncSmtpTransport<Tokio1Executor>, Failure> {
    let unusable = || Failure::message("mail.transport is not a usable address");
    let parsed = Url::parse(url).map_err(|_| unusable())?;
    let mut client = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
        .map_err(|_| unusable())?
        .timeout(Some(ANSWER_TIMEOUT));
    // A path in the URL already is the name. Servers reject names that cannot be ours, such as
    // lettre's default, 127.0.0.1.
    if parsed.path().len() <= 1 {
        client = client.hello_name(match base_url.host() {
            Some(Host::Ipv4(address)) => ClientId::Ipv4(address),
            Some(Host::Ipv6(address)) => ClientId::Ipv6(address),
            Some(Host::Domain(name)) => ClientId::Domain(name.to_owned()),
            None => ClientId::default(),
        });
    }
    let Some(own) = tls.own_authorities()? else {
        return Ok(client.build());
    };
    let wrong = |error| Failure::start("use tls.ca_file for mails", error);
    let tls = TlsParameters::builder(parsed.host_str().unwrap_or_default().to_owned())
        .add_root_certificate(Certificate::from_pem(&own).map_err(wrong)?)
        .build()
        .map_err(wrong)?;
    // The way lettre reads the URL.
    let wanted = parsed.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value);
    Ok(match (parsed.scheme(), wanted.as_deref()) {
        ("smtps", _) => client.tls(Tls::Wrapper(tls)),
        (_, Some("required")) => client.tls(Tls::Required(tls)),
        (_, Some("opportunistic")) => client.tls(Tls::Opportunistic(tls)),
        _ => client,
    }
    .build())
}

/// Writes the file completely or not at all, readable by this user only.
async fn write(folder: &Path, id: i64, bytes: &[u8]) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt;
    let name = format!("{id:016x}-{:08x}", rand::random::<u32>());
    let (unfinished, finished) = (folder.join(format!("{name}.tmp")), folder.join(format!("{name}.eml")));
    let mut file =
        tokio::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&unfinished).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    tokio::fs::rename(unfinished, finished).await
}

/// Returns whether the rejection is permanent (5xx) and due to the mail itself. After an
/// authentication failure (RFC 4954: 530 to 538) the same mail can be sent once the password is
/// fixed.
fn is_about_the_mail(error: &lettre::transport::smtp::Error) -> bool {
    error.is_permanent() && !error.status().is_some_and(|code| (530..540).contains(&u16::from(code)))
}
