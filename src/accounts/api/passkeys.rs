//! Server functions of the page of passkeys.

use leptos::prelude::*;

use super::super::Passkeys;
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Returns the caller's passkeys.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ReauthenticationRequired`] when
/// the last authentication is too old; [`AppError::ClosedWhileActing`] during an impersonation;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/passkeys", output = Json)]
pub async fn load_passkeys() -> Result<Passkeys, AppError> {
    use super::super::{Passkey, passkey_party::relying_party, service::passkeys, session};
    use crate::{
        base::moment::moment,
        site::{RequestContext, current_member, parts},
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let site = &context.site;
    let recent = session::recently_authenticated(&session::auth_session().await?, site).await?;
    let listed = passkeys::list(site, &member, &recent).await?;
    let asks = match member.must_have_second_factor() {
        true => None,
        false => Some(passkeys::asks_after_password(site, &member).await?),
    };
    let (has_password, suffices) = passkeys::password_state(site, &member).await?;
    let party = relying_party(site, &parts::parts()?.headers);
    let accepted = match (&party, passkeys::accepted(site, &member, &recent).await?) {
        (Ok(party), Some((user, ids))) => {
            let accepted = serde_json::json!({ "rpId": party.id, "userId": user, "allAcceptedCredentialIds": ids,
                    "name": member.username(), "displayName": member.username() });
            Some(accepted.to_string())
        }
        _ => None,
    };
    let passkey = |passkey: passkeys::Passkey| Passkey {
        id: passkey.id.to_string(),
        name: passkey.name,
        made: moment(passkey.created_at),
        last_used: passkey.last_used_at.map(moment),
        can_sync: passkey.credential.can_sync,
        is_synced: passkey.credential.is_synced,
        logs_in: passkey.credential.logs_in,
    };
    Ok(Passkeys {
        username: member.username().to_owned(),
        unavailable: party.err(),
        passkeys: listed.into_iter().map(passkey).collect(),
        has_two_steps: member.has_second_factor(),
        asks,
        has_password,
        may_remove_password: has_password && suffices,
        accepted,
    })
}

/// Adds the passkey in the authenticator's response, and redirects to the form with its name.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past the limit; [`AppError::Unavailable`] when the
/// database cannot be used.
#[server(prefix = "/api", endpoint = "members/add_passkey")]
pub async fn add_passkey(#[server(default)] credential: String) -> Result<Submission, AppError> {
    use super::super::{
        passkey_party, second_cookies,
        service::{factors, passkeys},
        session,
    };
    use crate::{
        shared::{level::Level, paths::PASSKEYS},
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let added = async {
        let mut auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        let (party, browser) = (passkey_party::current()?, second_cookies::passkey_browser());
        let (id, used) = passkeys::add(&context, &party, &browser, &member, &recent, &credential).await?;
        if let Some(used) = used {
            session::rotate_with_factor(&mut auth, &context.site, &member, used).await?;
        }
        second_cookies::end_passkey_offer();
        Ok::<_, AppError>((id, factors::first_codes(&context, &member, &recent).await?))
    };
    Submission::from_result(added.await.map(|(id, codes)| {
        flash::message(Level::Success, Message::PasskeyAdded);
        match codes {
            Some(sealed) => second_cookies::show_codes(sealed),
            None => leptos_axum::redirect(&format!("{PASSKEYS}?rename={id}")),
        }
    }))
}

/// Renames one of the caller's passkeys.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/rename_passkey")]
pub async fn rename_passkey(
    #[server(default)] passkey: String,
    #[server(default)] passkey_name: String,
) -> Result<Submission, AppError> {
    use super::super::{service::passkeys, session};
    use crate::{
        shared::{level::Level, paths::PASSKEYS},
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let renamed = async {
        let auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        passkeys::rename(&context, &member, &recent, &passkey, &passkey_name).await
    };
    Submission::from_result(renamed.await.map(|renamed| {
        match renamed {
            true => flash::message(Level::Success, Message::PasskeyRenamed),
            false => flash::message(Level::Warning, Message::PasskeyGone),
        }
        leptos_axum::redirect(PASSKEYS);
    }))
}

/// Sets whether a passkey is asked for after the caller's password: `asks` is `on` or empty.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/ask_passkey")]
pub async fn ask_passkey(#[server(default)] asks: String) -> Result<Submission, AppError> {
    use super::super::{
        factor_removed, second_cookies,
        service::{factors, passkeys},
        session,
    };
    use crate::{
        shared::{level::Level, paths::PASSKEYS},
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let done = async {
        let auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        if !passkeys::ask_after_password(&context, &member, &recent, !asks.is_empty()).await? {
            flash::message(Level::Warning, Message::PasskeyUnverified);
            leptos_axum::redirect(PASSKEYS);
            return Ok(());
        }
        let message = if asks.is_empty() { Message::PasskeyNotAsked } else { Message::PasskeyAsked };
        flash::message(Level::Success, message);
        match factors::first_codes(&context, &member, &recent).await? {
            Some(sealed) => second_cookies::show_codes(sealed),
            None => factor_removed::redirect(&context, &member, PASSKEYS).await,
        }
        Ok(())
    };
    Submission::from_result(done.await)
}

/// Removes the caller's password.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/remove_password")]
pub async fn remove_password() -> Result<Submission, AppError> {
    use super::super::{
        service::{self, passkeys},
        session,
    };
    use crate::{
        shared::{level::Level, paths::PASSKEYS},
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let done = async {
        let mut auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        // The button was pressed twice.
        if !passkeys::password_state(&context.site, &member).await?.0 {
            return Ok(());
        }
        let present = session::renewal(&auth).await?;
        match service::remove_own_password(&context, &member, &present, &recent).await? {
            Some(member) => {
                session::switch_to(&mut auth, &present, &member).await?;
                flash::message(Level::Success, Message::PasswordRemoved);
            }
            None => flash::message(Level::Warning, Message::PasswordNeeded),
        }
        Ok(())
    };
    Submission::from_result(done.await.map(|()| leptos_axum::redirect(PASSKEYS)))
}

/// Removes one of the caller's passkeys.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/remove_passkey")]
pub async fn remove_passkey(#[server(default)] passkey: String) -> Result<Submission, AppError> {
    use super::super::{
        factor_removed,
        service::passkeys::{self, Removal},
        session,
    };
    use crate::{
        shared::{level::Level, paths::PASSKEYS},
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let removed = async {
        let auth = session::auth_session().await?;
        let recent = session::recently_authenticated(&auth, &context.site).await?;
        match passkeys::remove(&context, &member, &recent, &passkey).await? {
            Removal::Done => {
                flash::message(Level::Success, Message::PasskeyRemoved);
                factor_removed::redirect(&context, &member, PASSKEYS).await;
                return Ok(());
            }
            Removal::Gone => flash::message(Level::Warning, Message::PasskeyGone),
            Removal::LastWay => flash::message(Level::Warning, Message::PasskeyLastWay),
        }
        leptos_axum::redirect(PASSKEYS);
        Ok(())
    };
    Submission::from_result(removed.await)
}
