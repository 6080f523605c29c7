//! The top of every page, as HTML: skip link, header with the navigation, banners. It stays in the
//! browser until the next page load, so no code for it is in the WASM (`ui::frame::Top`), and most
//! of it is made as text: views take longer. Cached pages contain it: what it shows of a member is
//! in [`super::page_cache::fingerprint`].

use html_escape::{encode_double_quoted_attribute, encode_text};
use leptos::prelude::*;
use server_fn::ServerFn;

use super::page_context::notice;
use crate::{
    accounts::api::LogOut,
    admin::impersonation::pages::ActingBanner,
    base::{member::Member, moment::moment},
    pictures::Size,
    shared::paths::{ADMIN, AUTHENTICATOR, DASHBOARD, LOGIN, PROFILE, SECURITY, SIGN_UP},
    site::AppState,
    ui::{Timestamp, frame::present, icon},
};

/// Returns the top of the page at `path` for this visitor.
pub fn top(site: &AppState, member: Option<&Member>, has_admin: bool, path: &str) -> String {
    let links = match member {
        Some(_) => {
            [Some((DASHBOARD, "Home")), Some((PROFILE, "Settings")), has_admin.then_some((ADMIN, "Admin"))]
        }
        None => [Some((LOGIN, "Log in")), Some((SIGN_UP, "Sign up")), None],
    };
    // A full page load where the server may lead to the set-up first.
    let rel = match member.and_then(Member::second_factor_due) {
        Some(_) => r#" rel="external""#,
        None => "",
    };
    let links = links.into_iter().flatten().map(|(link, name)| {
        let current = present(link, path).map(|value| format!(r#" aria-current="{value}""#));
        let current = current.unwrap_or_default();
        format!(r#"<li><a href="{link}"{current}{rel}>{name}</a></li>"#)
    });
    let links: String = links.collect();
    let menu = member.map(account_menu).unwrap_or_default();
    let acting = member.and_then(notice).map(|notice| view! { <ActingBanner notice /> }.to_html());
    let factor = member.and_then(|member| factor_banner(site, member)).map(|banner| banner.to_html());
    let banners = [acting, factor].into_iter().flatten().collect::<String>();
    frame(site, member, &format!(r#"<ul class="site-nav">{links}</ul>{menu}"#), &banners)
}

/// Returns the top of an error page whose visitor is not known. All other pages can be reached from
/// the start page.
pub fn top_for_unknown(site: &AppState) -> String {
    frame(site, None, r#"<ul class="site-nav"><li><a href="/">Home page</a></li></ul>"#, "")
}

/// The skip link is the first target of the Tab key; `external` makes the browser jump instead of
/// the router, and move the focus. `browser::follow` reads in `data-member` which member the page
/// was rendered for.
fn frame(site: &AppState, member: Option<&Member>, navigation: &str, banners: &str) -> String {
    let member = member
        .map(|member| format!(r#" data-member="{}""#, encode_double_quoted_attribute(member.username())));
    let (member, name) = (member.unwrap_or_default(), encode_text(&site.config.site.name));
    format!(
        r##"<a class="skip" href="#content" rel="external">Skip to main content</a>
<header class="site-header"{member}>
<a class="site-name" href="/"><svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><rect width="32" height="32" rx="8"></rect><path d="M8 23V9l8 9 8-9v14"></path></svg><span>{name}</span></a>
<nav aria-label="Main">{navigation}</nav>
</header>{banners}"##
    )
}

/// The menu opens and closes without a script: it is a popover.
fn account_menu(member: &Member) -> String {
    let (name, full_name) = (encode_text(member.username()), member.full_name());
    let shown = match full_name.is_empty() {
        true => format!("<strong><bdi>{name}</bdi></strong>"),
        false => {
            format!("<strong><bdi>{}</bdi></strong> <br><bdi>{name}</bdi>", encode_text(&full_name))
        }
    };
    let avatar = match member.rights().picture {
        Some(version) => {
            let source = Size::Small.address(version);
            let source = encode_double_quoted_attribute(&source);
            format!(r#"<img class="avatar" src="{source}" width="32" height="32" alt="">"#)
        }
        None => {
            let initial = member.username().chars().take(1).flat_map(char::to_uppercase).collect::<String>();
            format!(r#"<span class="avatar" aria-hidden="true">{}</span>"#, encode_text(&initial))
        }
    };
    // Closed during an impersonation.
    let security = match member.impersonator() {
        None => format!(r#"<li><a href="{SECURITY}">{}Security</a></li>"#, icon::html("shield-check")),
        Some(_) => String::new(),
    };
    let [down, settings, log_out] = ["chevron-down", "settings", "log-out"].map(icon::html);
    format!(
        r#"<button type="button" class="account-button" popovertarget="account-menu">{avatar}<span class="hidden-text">Account menu: </span><bdi class="who">{name}</bdi>{down}</button>
<div id="account-menu" class="menu" popover>
<p>Logged in as {shown}</p>
<ul>
<li><a href="{PROFILE}">{settings}Settings</a></li>
{security}
<li><form method="post" action="{}"><button type="submit">{log_out}Log out</button></form></li>
</ul>
</div>"#,
        LogOut::PATH
    )
}

/// The banner on every page of a member who must have a second factor and has none. Not during an
/// impersonation.
fn factor_banner(site: &AppState, member: &Member) -> Option<AnyView> {
    let due = member.second_factor_due().filter(|_| member.impersonator().is_none())?;
    let sentence = match member.lacks_second_factor(site.clock.now()) {
        true => "To go on, set up two-step login.".into_any(),
        false => {
            let moment = moment(due);
            view! { "This site asks you for two-step login from " <Timestamp moment /> " on." }.into_any()
        }
    };
    let banner = view! {
        <section class="acting" aria-label="Two-step login">
            <p>{sentence}</p>
            // A full page load, because the server may require re-authentication first.
            <a class="button" href=AUTHENTICATOR rel="external">
                "Set it up"
            </a>
        </section>
    };
    Some(banner.into_any())
}
