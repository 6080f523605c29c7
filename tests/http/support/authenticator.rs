//! An authenticator app, and setting one up.

use std::time::Duration;

use totp_rs::{Builder, Secret, Totp};

use super::{Page, TestSite, Visitor};

/// A key for sites on PostgreSQL, which make none themselves.
pub const KEY: &str = "bWVtYmVycy1hcmVhIHRlc3RzOiBhIGtleSBvZiAzMi4=";

pub const APP_PAGE: &str = "/members/security/authenticator";
pub const CODES_PAGE: &str = "/members/security/codes";
pub const SECOND: &str = "/accounts/login/second";

/// An app on a member's phone.
pub struct App(Totp);

impl App {
    /// Takes over the key that the page shows for typing.
    pub fn from_page(page: &Page) -> Self {
        let key = page.find("code.key").replace(' ', "");
        let secret = Secret::try_from_base32(&key).unwrap_or_else(|_| panic!("{key:?} is no key"));
        Self(Builder::new().with_secret(secret).build().expect("a secret of 160 bits"))
    }

    /// The code that the app shows so many seconds from now.
    pub fn code_in(&self, site: &TestSite, seconds: i64) -> String {
        self.0.generate((site.clock.now() / 1000 + seconds).unsigned_abs()).to_string()
    }

    /// A code that has not been used: half a minute later.
    pub fn new_code(&self, site: &TestSite) -> String {
        site.clock.advance(Duration::from_secs(30));
        self.code_in(site, 0)
    }
}

impl TestSite {
    /// Sets up an app for a member who is logged in. Returns it with the recovery codes.
    pub async fn set_up_app(&self, member: &mut Visitor) -> (App, Vec<String>) {
        let started = member.post("/api/members/start_authenticator", &[]).await;
        assert_eq!(started.location(), APP_PAGE, "{}", started.text());
        let app = App::from_page(&member.get(APP_PAGE).await);
        let code = app.code_in(self, 0);
        let confirmed = member.post("/api/members/confirm_authenticator", &[("code", &code)]).await;
        assert_eq!(confirmed.location(), CODES_PAGE, "{}", confirmed.text());
        let codes = member.get(CODES_PAGE).await.find_all(".codes code");
        assert_eq!(codes.len(), 10);
        (app, codes)
    }
}

impl Visitor {
    /// Types a code at the second step.
    pub async fn enter(&mut self, code: &str) -> Page {
        self.post("/api/accounts/second_step", &[("code", code), ("form_page", SECOND)]).await
    }
}
