//! The top of every page, as HTML: skip link, header with the navigation, banners. It stays in the
//! browser until the next page load, so no code for it is in the WASM (`ui::frame::Top`). Cached
//! pages contain it: what it shows of a member is in [`super::page_cache::fingerprint`].

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
    ui::{Icon, SkipLink, Timestamp, frame::present},
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
    let rel = member.and_then(Member::second_factor_due).map(|_| "external");
    let links = links.into_iter().flatten().map(|(link, name)| {
        view! {
            <li>
                <a href=link aria-current=present(link, path) rel=rel>
                    {name}
                </a>
            </li>
        }
    });
    let navigation = view! {
        <ul class="site-nav">{links.collect_view()}</ul>
        {member.map(account_menu)}
    };
    let banners = view! {
        {member.and_then(notice).map(|notice| view! { <ActingBanner notice /> })}
        {member.and_then(|member| factor_banner(site, member))}
    };
    let member = member.map(|member| member.username().to_owned());
    frame(site, member, navigation.into_any(), banners.into_any())
}

/// Returns the top of an error page whose visitor is not known. All other pages can be reached from
/// the start page.
pub fn top_for_unknown(site: &AppState) -> String {
    let navigation = view! {
        <ul class="site-nav">
            <li>
                <a href="/">"Home page"</a>
            </li>
        </ul>
    };
    frame(site, None, navigation.into_any(), ().into_any())
}

fn frame(site: &AppState, member: Option<String>, navigation: AnyView, banners: AnyView) -> String {
    view! {
        <SkipLink />
        // `browser::follow` reads here which member the page was rendered for.
        <header class="site-header" data-member=member>
            <a class="site-name" href="/">
                <svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
                    <rect width="32" height="32" rx="8"></rect>
                    <path d="M8 23V9l8 9 8-9v14"></path>
                </svg>
                <span>{site.config.site.name.clone()}</span>
            </a>
            <nav aria-label="Main">{navigation}</nav>
        </header>
        {banners}
    }
    .to_html()
}

/// The menu opens and closes without a script: it is a popover.
fn account_menu(member: &Member) -> AnyView {
    let (name, full_name) = (member.username().to_owned(), member.full_name());
    let (shown, beneath) = match full_name.is_empty() {
        true => (name.clone(), None),
        false => (full_name, Some(view! { " " <br /> <bdi>{name.clone()}</bdi> })),
    };
    let avatar = match member.rights().picture {
        Some(version) => {
            view! { <img class="avatar" src=Size::Small.address(version) width="32" height="32" alt="" /> }
                .into_any()
        }
        None => {
            let initial = name.chars().take(1).flat_map(char::to_uppercase).collect::<String>();
            view! {
                <span class="avatar" aria-hidden="true">
                    {initial}
                </span>
            }
            .into_any()
        }
    };
    // Closed during an impersonation.
    let security = member.impersonator().is_none().then(|| {
        view! {
            <li>
                <a href=SECURITY>
                    <Icon name="shield-check" />
                    "Security"
                </a>
            </li>
        }
    });
    view! {
        <button type="button" class="account-button" popovertarget="account-menu">
            {avatar}
            <span class="hidden-text">"Account menu: "</span>
            <bdi class="who">{name}</bdi>
            <Icon name="chevron-down" />
        </button>
        <div id="account-menu" class="menu" popover>
            <p>
                "Logged in as "
                <strong>
                    <bdi>{shown}</bdi>
                </strong>
                {beneath}
            </p>
            <ul>
                <li>
                    <a href=PROFILE>
                        <Icon name="settings" />
                        "Settings"
                    </a>
                </li>
                {security}
                <li>
                    <form method="post" action=LogOut::PATH>
                        <button type="submit">
                            <Icon name="log-out" />
                            "Log out"
                        </button>
                    </form>
                </li>
            </ul>
        </div>
    }
    .into_any()
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
