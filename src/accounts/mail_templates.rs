//! The texts of our mails. Links and codes are created here, just before a mail is sent, so that
//! none is stored in the queue.

mod factor_recovery;
mod login_code;

use super::{
    notices,
    service::tokens::{self, Purpose},
    store,
};
use crate::{
    base::{
        db::Transaction, email_address, mail_content::MailContent, member::UserId, moment::moment, user_agent,
    },
    mail::{
        service as mail,
        service::{MailContext, MailJob, MailKind},
    },
    shared::error::AppError,
    site::AppState,
};

/// Writes the mail with this number in the queue.
///
/// # Errors
/// [`AppError::NotFound`] when the mail is no longer needed; [`AppError::Unavailable`] when the
/// database cannot be used.
pub async fn write(site: &AppState, mail: i64, order: &MailJob) -> Result<MailContent, AppError> {
    let user = order.user.ok_or(AppError::NotFound)?;
    let owner = store::owner(&mut *site.db.read().await?, user).await?.ok_or(AppError::NotFound)?;
    let is_theirs = owner.email_verified_at.is_some() && owner.email == order.address;
    let name = Some(owner.username).filter(|name| is_theirs && is_plain(name));
    // To an unconfirmed address these go only if it is nobody else's, which a record would show.
    let is_recorded = is_theirs || !matches!(order.kind, MailKind::VerifyEmail | MailKind::ResetPassword);
    let draft = Draft { site, mail, order, user, name, present: owner.email, is_recorded };
    match order.kind {
        // The queue expands it into other mails.
        MailKind::ResetRequested | MailKind::LoginCodeRequested => Err(AppError::NotFound),
        // The account has another address by now.
        MailKind::LoginCode if !is_theirs => Err(AppError::NotFound),
        MailKind::LoginCode => draft.login_code().await,
        MailKind::RecoverFactor => draft.recover_factor().await,
        MailKind::FactorRecoveryBegan | MailKind::FactorRecoveryHalfway => draft.factor_recovery().await,
        MailKind::FactorRecovered => draft.factor_recovered().await,
        MailKind::ResetPassword => draft.reset_password().await,
        MailKind::VerifyEmail if owner.email_verified_at.is_some() || draft.present != order.address => {
            Err(AppError::NotFound)
        }
        MailKind::VerifyEmail => draft.verify_email().await,
        MailKind::ChangeEmail => draft.change_email().await,
        MailKind::SignUpWithYourAddress => Ok(draft.sign_up_with_your_address()),
        MailKind::EmailChanged => draft.email_changed().await,
        MailKind::EmailChangedByStaff => Ok(draft.email_changed_by_staff()),
        MailKind::PasswordDisabled => {
            // Without a link: only staff can switch the password on again.
            let what = "Our staff disabled the password of your account. All devices were logged out.";
            Ok(draft.content("Your password was disabled", vec![what.into()], None, Vec::new()))
        }
        MailKind::DeletionRequested => draft.deletion_requested().await,
        MailKind::ActingBegan => Ok(draft.acting_began()),
        _ => {
            let (subject, what) = notices::text(order);
            draft.notice(subject, &what).await
        }
    }
}

/// Returns whether no mail program would turn the name into a link: an address of a page or a mail,
/// or a telephone number.
fn is_plain(name: &str) -> bool {
    const MAX_CHARS: usize = 40;
    let has_digits_only = name.chars().all(|c| !c.is_alphabetic());
    name.chars().count() <= MAX_CHARS
        && !has_digits_only
        && name.chars().all(|c| c.is_alphanumeric() || "-_".contains(c))
}

struct Draft<'a> {
    site: &'a AppState,
    mail: i64,
    order: &'a MailJob,
    user: UserId,
    /// Only in a mail to the verified address of its owner. Otherwise anybody could send a text of
    /// their own to any address by choosing it as a name.
    name: Option<String>,
    /// The account's present address.
    present: String,
    is_recorded: bool,
}

impl Draft<'_> {
    async fn reset_password(&self) -> Result<MailContent, AppError> {
        let link = self.link(Purpose::ResetPassword, "reset").await?.0;
        Ok(self.content(
            "Set a new password",
            vec![
                format!("You (or someone else) asked to reset the password of {}.", self.account()),
                "The link expires after one hour and works once.".into(),
            ],
            Some(("Set a new password", link)),
            vec!["If you did not ask for this, ignore this email: your password stays the same.".into()],
        ))
    }

    async fn verify_email(&self) -> Result<MailContent, AppError> {
        let (link, code) = self.link(Purpose::VerifyEmail, "verify").await?;
        let content = self.content(
            "Confirm your email address",
            vec![format!("Please confirm that this is the email address of {}.", self.account())],
            Some(("Confirm email address", link)),
            vec![
                "Open the link in the browser in which you signed up. Link and code expire after 24 hours."
                    .into(),
                "If this is not your account, someone mistyped their address: please ignore this email."
                    .into(),
            ],
        );
        Ok(MailContent { code: Some(code), ..content })
    }

    async fn change_email(&self) -> Result<MailContent, AppError> {
        let (link, code) = self.link(Purpose::ChangeEmail, "email/confirm").await?;
        let content = self.content(
            "Confirm your new email address",
            vec![format!("Please confirm that this is the new email address of {}.", self.account())],
            Some(("Use this address", link)),
            vec!["Link and code work where you are logged in, for 24 hours. Nothing changes before.".into()],
        );
        Ok(MailContent { code: Some(code), ..content })
    }

    fn sign_up_with_your_address(&self) -> MailContent {
        let site = self.site;
        self.content(
            "You already have an account",
            vec![
                format!("You (or someone else) signed up with this address at {}.", self.when_and_where()),
                format!("It already belongs to {}, and nothing has changed.", self.account()),
            ],
            Some(("Log in", site.url(&site.config.accounts.login_url))),
            vec![
                "Forgot your password? You can reset it on the login page.".into(),
                "If this was not you, ignore this email.".into(),
            ],
        )
    }

    async fn email_changed(&self) -> Result<MailContent, AppError> {
        let link = self.link(Purpose::UndoEmail, "email/undo").await?.0;
        Ok(self.content(
            "Your email address was changed",
            vec![
                format!("The email address of {} was changed from this one to another.", self.account()),
                format!("That was at {}.", self.when_and_where()),
                "If this was not you, use the link: it restores this address, logs out all devices and \
                 emails you a password reset."
                    .into(),
            ],
            Some(("Undo the change", link)),
            vec!["The link expires after 72 hours.".into()],
        ))
    }

    /// Without a link, and without the new address: staff may have changed it because this mailbox
    /// is in the wrong hands.
    fn email_changed_by_staff(&self) -> MailContent {
        self.content(
            "Your email address was changed",
            vec![
                "Our staff changed the email address of your account.".into(),
                "This address no longer belongs to it, and the links in earlier emails no longer work."
                    .into(),
            ],
            None,
            vec!["If you did not ask for this, please contact us.".into()],
        )
    }

    async fn deletion_requested(&self) -> Result<MailContent, AppError> {
        let what = format!(
            "Your account and all its data will be deleted on {}. To keep it, log in before then.",
            self.order.occasion.detail
        );
        self.notice("Your account will be deleted", &what).await
    }

    /// Without "this was not me": that would end the member's own sessions, but not the
    /// impersonation, which runs in a staff session.
    fn acting_began(&self) -> MailContent {
        let MailContext { at, detail: until, .. } = &self.order.occasion;
        let began = format!(
            "Since {}, a staff member is acting as you, until {until} at the latest.",
            moment(*at).text
        );
        self.content(
            "A staff member is acting as you",
            vec![
                began,
                "They see what you see. They cannot change your name, password or email address, log out \
                 your devices, download your data or delete your account."
                    .into(),
                "Your “Activity” page shows who it is, why, and when it ended.".into(),
            ],
            None,
            vec!["If you did not ask for help, please contact us.".into()],
        )
    }

    /// Writes a notice: what happened, when, from where, and a link for an owner who did not do it.
    /// Not sent to an address that the account no longer has: the link would be useless, and the
    /// news is not for that mailbox.
    async fn notice(&self, subject: &str, what: &str) -> Result<MailContent, AppError> {
        if email_address::key(&self.present) != email_address::key(&self.order.address) {
            return Err(AppError::NotFound);
        }
        let link = self.link(Purpose::NotMe, "not_me").await?.0;
        let mut paragraphs = vec![what.to_owned(), format!("That was at {}.", self.when_and_where())];
        if self.order.occasion.is_summary {
            paragraphs.push(
                "It happened several times; this email is about the latest. Your “Activity” page lists them all."
                    .into(),
            );
        }
        Ok(self.content(
            subject,
            paragraphs,
            Some(("This was not me", link)),
            vec![
                "If this was you, you can ignore this email.".into(),
                "If not, use the link within 72 hours: it logs out all devices and emails you a password reset."
                    .into(),
            ],
        ))
    }

    /// Names the account.
    fn account(&self) -> String {
        match &self.name {
            Some(name) => format!("your account “{name}”"),
            None => format!("an account at {}", self.site.config.site.name),
        }
    }

    fn when_and_where(&self) -> String {
        let MailContext { at, client, .. } = &self.order.occasion;
        if client.address.is_empty() && client.agent.is_empty() {
            return format!("{}, by our staff", moment(*at).text);
        }
        format!(
            "{}, with {}, from the address {}",
            moment(*at).text,
            user_agent::describe(&client.agent),
            client.address
        )
    }

    fn content(
        &self,
        subject: &str,
        paragraphs: Vec<String>,
        button: Option<(&'static str, String)>,
        closing: Vec<String>,
    ) -> MailContent {
        MailContent {
            to: self.order.address.clone(),
            name: self.name.clone(),
            subject: format!("{subject} · {}", self.site.config.site.name),
            paragraphs,
            button,
            code: None,
            closing,
            is_recorded: self.is_recorded,
        }
    }

    /// Begins the transaction that creates the mail's link. It has the account to itself: of two
    /// mails at the same time, each must see the other's link. Everything locks the account first.
    async fn held(&self) -> Result<Transaction, AppError> {
        let mut transaction = self.site.db.begin().await?;
        store::tokens::lock_account(&mut transaction, self.user).await?;
        match mail::hold(&mut transaction, self.mail).await? {
            true => Ok(transaction),
            false => Err(AppError::NotFound),
        }
    }

    async fn link(&self, purpose: Purpose, path: &str) -> Result<(String, String), AppError> {
        let mut transaction = self.held().await?;
        let (now, order, at) = (self.site.clock.now(), self.order, self.order.occasion.at);
        if !tokens::replace_earlier(&mut transaction, now, at, self.user, purpose).await? {
            return Err(AppError::NotFound);
        }
        let issued = tokens::issue(&mut transaction, now, at, self.user, purpose, &order.address).await?;
        transaction.commit().await?;
        Ok((self.site.url(&format!("/accounts/{path}/{}", issued.token)), issued.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_links_are_not_written() {
        for (name, is_shown) in [
            ("ada", true),
            ("Ada_Lovelace-2", true),
            ("李小龍", true),
            ("www.free-money.example", false),
            ("ada@evil.example", false),
            ("+4915112345678", false),
            ("4915112345678", false),
            ("a.b", false),
        ] {
            assert_eq!(is_plain(name), is_shown, "{name}");
        }
        assert!(!is_plain(&"x".repeat(41)));
    }
}
