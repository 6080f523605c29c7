//! The mail with a code to log in.

use super::Draft;
use crate::{
    accounts::service::mail_login,
    base::mail_content::MailContent,
    shared::{error::AppError, paths::MAILED_CODE},
};

impl Draft<'_> {
    pub(super) async fn login_code(&self) -> Result<MailContent, AppError> {
        let mut transaction = self.held().await?;
        let now = self.site.clock.now();
        let issued = mail_login::issue(&mut transaction, now, self.order, self.user).await?;
        let (token, code) = issued.ok_or(AppError::NotFound)?;
        transaction.commit().await?;
        let content = self.content(
            "Your code to log in",
            vec![
                format!("You (or someone else) asked to log in to {} by email.", self.account()),
                format!("That was at {}.", self.when_and_where()),
                "Open the link in the browser in which you asked for it. In another one it only shows the code."
                    .into(),
            ],
            Some(("Log in", self.site.url(&format!("{MAILED_CODE}/{token}")))),
            vec![
                "Link and code expire after 10 minutes and work once, where you asked for them.".into(),
                "If you did not ask for this, ignore this email and do not share the code. We never ask for \
                 it."
                    .into(),
            ],
        );
        Ok(MailContent { code: Some(code), ..content })
    }
}
