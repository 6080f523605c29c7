//! What follows the removal of a second factor.

use super::service::{factors, passkeys};
use crate::{
    base::member::Member,
    shared::level::Level,
    site::{RequestContext, flash},
    ui::flash::Message,
};

/// Redirects to `page`, or to the form for a new password where no second factor is left and a
/// password alone has to be longer. How long the present one is, only its owner knows.
pub async fn redirect(context: &RequestContext, member: &Member, page: &str) {
    let site = &context.site;
    // It is removed: a look-up that fails must not say otherwise.
    let asks = site.password_rules.asks_longer_alone()
        && matches!(factors::left(site, member).await, Ok(None))
        && matches!(passkeys::password_state(site, member).await, Ok((true, _)));
    if asks {
        flash::message(Level::Warning, Message::PasswordAlone);
    }
    leptos_axum::redirect(if asks { "/accounts/password_change" } else { page });
}
