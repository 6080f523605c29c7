//! What our mails say. Links and codes are made here, when a mail is about to go out, so that none waits in the queue.

use super::{
    service::tokens::{self, Purpose},
    store,
};
use crate::{
    error::AppError,
    mail::{
        letter::Letter,
        service::{self as mail, Kind, Occasion, Order},
    },
    member::UserId,
    server::{Site, moment::moment},
    sessions::agent,
};

/// Writes the mail with this number in the queue.
///
/// # Errors
/// [`AppError::NotFound`] when there is nothing to be written any more, or an outage.
pub async fn write(site: &Site, mail: i64, order: &Order) -> Result<Letter, AppError> {
    let user = order.user.ok_or(AppError::NotFound)?;
    let mut connection = site.db.read().await?;
    let owner = store::owner(&mut connection, user).await?.ok_or(AppError::NotFound)?;
    drop(connection);
    let letter = Draft { site, mail, order, user, name: owner.username };
    match order.kind {
        // Expanded by the queue.
        Kind::ResetRequested => Err(AppError::NotFound),
        Kind::ResetPassword => letter.reset_password().await,
        Kind::VerifyEmail if owner.email_verified_at.is_some() || owner.email != order.address => {
            Err(AppError::NotFound)
        }
        Kind::VerifyEmail => letter.verify_email().await,
        Kind::ChangeEmail => letter.change_email().await,
        Kind::SignUpWithYourAddress => Ok(letter.sign_up_with_your_address()),
        Kind::EmailChanged => letter.email_changed().await,
        Kind::NewDevice => {
            letter
                .notice(
                    "New login to your account",
                    "Somebody logged in to your account from a device that we had not seen before.",
                )
                .await
        }
        Kind::PasswordChanged => {
            letter
                .notice(
                    "Your password was changed",
                    "The password of your account was changed. All other devices have been logged out.",
                )
                .await
        }
        Kind::PasswordDisabled => {
            // Without a link: the way back in is theirs to open.
            let what = "The staff of this site switched the password of your account off. All devices have been logged out.";
            Ok(letter.letter("Your password was switched off", vec![what.into()], None, Vec::new()))
        }
        Kind::NameChanged => letter.name_changed().await,
        Kind::DeletionRequested => letter.deletion_requested().await,
    }
}

struct Draft<'a> {
    site: &'a Site,
    mail: i64,
    order: &'a Order,
    user: UserId,
    name: String,
}

impl Draft<'_> {
    async fn reset_password(&self) -> Result<Letter, AppError> {
        let link = self.link(Purpose::ResetPassword, "reset").await?.0;
        Ok(self.letter(
            "Set a new password",
            vec![
                format!(
                    "Somebody, probably you, asked to set a new password for the account “{}”.",
                    self.name
                ),
                "The link is good for one hour and can be used once.".into(),
            ],
            Some(("Set a new password", link)),
            vec!["If it was not you, there is nothing to do: your password stays as it is.".into()],
        ))
    }

    async fn verify_email(&self) -> Result<Letter, AppError> {
        let (link, code) = self.link(Purpose::VerifyEmail, "verify").await?;
        let letter = self.letter(
            "Confirm your email address",
            vec![format!("Please confirm that this address belongs to the account “{}”.", self.name)],
            Some(("Confirm the address", link)),
            vec![
                "Link and code are good for 24 hours.".into(),
                "If you do not know of this account, somebody mistyped their address: please ignore this mail.".into(),
            ],
        );
        Ok(Letter { code: Some(code), ..letter })
    }

    async fn change_email(&self) -> Result<Letter, AppError> {
        let (link, code) = self.link(Purpose::ChangeEmail, "email/confirm").await?;
        let letter = self.letter(
            "Confirm your new email address",
            vec![format!("Please confirm that this is to be the address of the account “{}”.", self.name)],
            Some(("Use this address", link)),
            vec!["Link and code are good for 24 hours. Until then your address stays as it was.".into()],
        );
        Ok(Letter { code: Some(code), ..letter })
    }

    fn sign_up_with_your_address(&self) -> Letter {
        let site = self.site;
        self.letter(
            "You have an account already",
            vec![
                format!("Somebody, perhaps you, signed up with this address at {}.", self.when_and_where()),
                format!("It belongs to your account “{}” already, and stays with it.", self.name),
            ],
            Some(("Log in", site.url(&site.config.accounts.login_url))),
            vec!["If you forgot your password, the login page helps. If it was not you, there is nothing to do.".into()],
        )
    }

    async fn email_changed(&self) -> Result<Letter, AppError> {
        let link = self.link(Purpose::UndoEmail, "email/undo").await?.0;
        Ok(self.letter(
            "Your email address was changed",
            vec![
                format!(
                    "The address of the account “{}” was changed from this one to {}.",
                    self.name, self.order.occasion.detail
                ),
                format!("That was at {}.", self.when_and_where()),
                "If it was not you: the link brings this address back, logs out all devices and sends you a mail for a new password.".into(),
            ],
            Some(("Undo the change", link)),
            vec!["The link is good for 72 hours.".into()],
        ))
    }

    async fn name_changed(&self) -> Result<Letter, AppError> {
        let what = format!("The name of your account was changed {}.", self.order.occasion.detail);
        self.notice("Your name was changed", &what).await
    }

    async fn deletion_requested(&self) -> Result<Letter, AppError> {
        let what = format!(
            "Your account and everything in it will be deleted on {}. To keep it, just log in before then.",
            self.order.occasion.detail
        );
        self.notice("Your account will be deleted", &what).await
    }

    /// What happened, when, from where, and a link for who did not do it.
    async fn notice(&self, subject: &str, what: &str) -> Result<Letter, AppError> {
        let link = self.link(Purpose::NotMe, "not_me").await?.0;
        Ok(self.letter(
            subject,
            vec![what.to_owned(), format!("That was at {}.", self.when_and_where())],
            Some(("This was not me", link)),
            vec![
                "If it was you, there is nothing to do.".into(),
                "If not: the link logs out all devices and sends you a mail for a new password. It is good for 72 hours.".into(),
            ],
        ))
    }

    fn when_and_where(&self) -> String {
        let Occasion { at, client, .. } = &self.order.occasion;
        if client.address.is_empty() && client.agent.is_empty() {
            return format!("{}, by the staff of this site", moment(*at).text);
        }
        format!(
            "{}, with {}, from the address {}",
            moment(*at).text,
            agent::in_words(&client.agent),
            client.address
        )
    }

    fn letter(
        &self,
        subject: &str,
        paragraphs: Vec<String>,
        button: Option<(&'static str, String)>,
        closing: Vec<String>,
    ) -> Letter {
        Letter {
            to: self.order.address.clone(),
            name: self.name.clone(),
            subject: format!("{subject} · {}", self.site.config.site.name),
            paragraphs,
            button,
            code: None,
            closing,
        }
    }

    async fn link(&self, purpose: Purpose, path: &str) -> Result<(String, String), AppError> {
        let mut transaction = self.site.db.begin().await?;
        if !mail::hold(&mut transaction, self.mail).await? {
            return Err(AppError::NotFound);
        }
        let now = self.site.clock.now();
        let issued = tokens::issue(
            &mut transaction,
            now,
            self.order.occasion.at,
            self.user,
            purpose,
            &self.order.address,
        )
        .await?;
        transaction.commit().await?;
        Ok((self.site.url(&format!("/accounts/{path}/{}", issued.token)), issued.code))
    }
}
