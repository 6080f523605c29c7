//! The mails about the recovery of a lost second factor.

use super::Draft;
use crate::{
    accounts::service::tokens::Purpose,
    base::{email_address, mail_content::MailContent},
    mail::service::MailKind,
    shared::{error::AppError, number::counted},
};

impl Draft<'_> {
    pub(super) async fn recover_factor(&self) -> Result<MailContent, AppError> {
        let delay = self.site.config.second_factor.recovery_delay.ok_or(AppError::NotFound)?;
        let hours = i64::try_from(delay.get().as_secs() / 3600).unwrap_or_default();
        let delay = if hours % 24 == 0 { counted(hours / 24, "day") } else { counted(hours, "hour") };
        self.check_address()?;
        let link = self.link(Purpose::RecoverFactor, "recovery/begin").await?.0;
        Ok(self.content(
            "Lost your second factor?",
            vec![
                format!(
                    "Somebody entered the right password of {}, and said that its second factor is lost.",
                    self.account()
                ),
                format!("That was at {}.", self.when_and_where()),
                format!(
                    "The link below starts a waiting period of {delay}. At its end your authenticator app, \
                     passkeys and recovery codes are removed, and all devices are logged out. Your password alone \
                     logs in then."
                ),
            ],
            Some(("Start the waiting period", link)),
            vec![
                "The link expires after 12 hours and works once.".into(),
                "If this was not you, do not use it: somebody knows your password. Please change it.".into(),
            ],
        ))
    }

    pub(super) async fn factor_recovery(&self) -> Result<MailContent, AppError> {
        self.check_address()?;
        let link = self.link(Purpose::StopRecovery, "recovery/stop").await?.0;
        let until = &self.order.occasion.detail;
        let (subject, first) = match self.order.kind {
            MailKind::FactorRecoveryBegan => (
                "Your second factor will be removed",
                format!("A waiting period began for {} at {}.", self.account(), self.when_and_where()),
            ),
            _ => (
                "Reminder: your second factor will be removed",
                format!("Half of the waiting period for {} is over.", self.account()),
            ),
        };
        Ok(self.content(
            subject,
            vec![
                first,
                format!(
                    "It ends on {until}. Then your authenticator app, passkeys and recovery codes are removed, all \
                     devices are logged out, and your password alone logs in."
                ),
                "To keep your second factor, stop this with the link below, or log in with it.".into(),
            ],
            Some(("Stop this", link)),
            vec!["If you did not ask for this, also change your password: somebody else knows it.".into()],
        ))
    }

    pub(super) async fn factor_recovered(&self) -> Result<MailContent, AppError> {
        self.check_address()?;
        let link = self.link(Purpose::NotMe, "not_me").await?.0;
        Ok(self.content(
            "Your second factor was removed",
            vec![
                "The waiting period is over. The authenticator app, passkeys and recovery codes of your account \
                 were removed, and all devices were logged out. Your password alone logs in now."
                    .into(),
                "Please log in and set up a new second factor.".into(),
            ],
            Some(("This was not me", link)),
            vec![
                "If you did not ask for this, use the link within 72 hours: it logs out all devices and emails you a \
                 password reset."
                    .into(),
            ],
        ))
    }

    /// The links are for the account's present address only.
    fn check_address(&self) -> Result<(), AppError> {
        match email_address::key(&self.present) == email_address::key(&self.order.address) {
            true => Ok(()),
            false => Err(AppError::NotFound),
        }
    }
}
