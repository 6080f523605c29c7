//! The HTML document around the app, and its Content-Security-Policy.

use std::fmt::Write;

use axum::http::{HeaderValue, header};
use html_escape::encode_double_quoted_attribute;
use leptos::{nonce::use_nonce, prelude::*, tachys::html::InertElement};
use leptos_axum::ResponseOptions;
use leptos_meta::MetaTags;

use super::{
    headers::page_csp,
    hydration,
    theme::{self, SURFACE, chosen},
};
use crate::{
    accounts::second_cookies::OFFER,
    app::App,
    base::{
        assets::{Assets, WEB_MANIFEST},
        config::Switch,
    },
    shared::{bundle::Bundle, theme::Theme},
    site::{AppState, parts},
    ui::{FAILED_EVENT, PASSKEYS_EVENT},
};

/// Renders the whole document. It runs only on the server, so it is not part of the WASM.
pub fn shell(site: &AppState) -> impl IntoView + use<> {
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    if let Some(response) = use_context::<ResponseOptions>()
        && let Ok(policy) = HeaderValue::try_from(page_csp(&nonce, site.is_watched))
    {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    let assets = &site.assets;
    let parts = parts::parts().ok();
    let bundle = parts.as_ref().and_then(|parts| Bundle::of(parts.uri.path()));
    let theme =
        parts.map(|parts| theme::of_request(site, &parts.extensions, &parts.headers)).unwrap_or_default();
    let start = start_script(assets, bundle, site.config.accounts.passkeys != Switch::Off);
    let head = format!(
        "{}{}<script type=\"module\" nonce=\"{nonce}\">{start}</script>",
        base_head(&assets.css, theme),
        preview(site)
    );
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=chosen(theme)>
            <head>
                {InertElement::new(head)} {site.is_watched.then(|| view! { <AutoReload options=site.leptos.clone() /> })}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Returns what the head of every document begins with. As text, like most of the head: it is never
/// hydrated, and views take longer.
pub fn base_head(css: &str, theme: Theme) -> String {
    // Safari turns what looks like a telephone number, such as a username, into a link, and then
    // the page cannot be hydrated.
    let mut head = format!(
        "<meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"format-detection\" content=\"telephone=no\">\
         <meta name=\"color-scheme\" content=\"{}\">",
        chosen(theme).unwrap_or("light dark")
    );
    for (of, colour) in SURFACE {
        if theme.is_system() {
            let media = format!("(prefers-color-scheme: {})", of.name());
            let _ = write!(head, r#"<meta name="theme-color" content="{colour}" media="{media}">"#);
        } else if theme == of {
            let _ = write!(head, r#"<meta name="theme-color" content="{colour}">"#);
        }
    }
    let _ = write!(
        head,
        "<link rel=\"stylesheet\" href=\"{css}\">\
         <link rel=\"icon\" href=\"/favicon.ico\" sizes=\"32x32\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\
         <link rel=\"apple-touch-icon\" href=\"/apple-touch-icon.png\">\
         <link rel=\"manifest\" href=\"{WEB_MANIFEST}\">"
    );
    head
}

/// Returns what search engines and messengers show of a link to the site. The same for every page:
/// what a page is about is for those who may open it.
fn preview(site: &AppState) -> String {
    const DESCRIPTION: &str = "Your account, your devices and your data, in one place.";
    let name = site.config.site.name.as_str();
    // Others fetch the picture, so it needs the whole address.
    let base = site.config.site.base_url.trim_end_matches('/');
    let picture = (!base.is_empty()).then(|| format!("{base}/icon-512.png"));
    let mut preview = format!(r#"<meta name="description" content="{DESCRIPTION}">"#);
    let properties =
        [("type", "website"), ("title", name), ("site_name", name), ("description", DESCRIPTION)];
    for (property, content) in
        properties.into_iter().chain(picture.as_deref().map(|picture| ("image", picture)))
    {
        let content = encode_double_quoted_attribute(content);
        let _ = write!(preview, r#"<meta property="og:{property}" content="{content}">"#);
    }
    preview
}

/// Returns the script that starts the app in the browser. JavaScript and WASM, with the bundle of
/// this page, are fetched in parallel, but not by `<link rel="preload">`, which would load them
/// even where no script runs.
///
/// If the app fails, during hydration (an extension or a translator has changed the page) or later,
/// its listeners are still attached and would swallow clicks. From then on they receive no events,
/// and the browser handles links and forms itself. The same holds when a bundle cannot be loaded
/// (`browser::bundle`), which is nothing to report: the site was updated, or the connection is
/// lost.
///
/// A password field says that Caps Lock is on (forms.css): every key tells.
///
/// A page with forms for passkeys has their script loaded by an event: it may be opened by the
/// router, without a page load.
fn start_script(assets: &Assets, bundle: Option<Bundle>, has_passkeys: bool) -> String {
    let Assets { js, wasm, .. } = assets;
    let folder = assets.folder();
    let bundles = serde_json::to_string(&assets.bundles).unwrap_or_default();
    let first = bundle.map(|bundle| format!("fetchBundle({:?}).catch(()=>{{}});", bundle.name()));
    let passkeys = has_passkeys.then(|| {
        format!(
            "const keys=name=>import(\"/passkeys.js\").then(keys=>keys[name]()).catch(()=>{{}});\
             addEventListener({PASSKEYS_EVENT:?},()=>keys(\"start\"));\
             if(document.cookie.includes(\"{OFFER}=1\"))keys(\"make\");"
        )
    });
    format!(
        "const wasm=fetch({wasm:?});wasm.catch(()=>{{}});let failed=false;\
         const plain=()=>{{failed=true;document.documentElement.dataset.hydrated=\"failed\";\
         for(const type of[\"click\",\"submit\",\"input\",\"change\",\"visibilitychange\",\"pageshow\",\"pagehide\",\"popstate\"])\
         addEventListener(type,event=>{{event.stopImmediatePropagation();if(type===\"popstate\")location.reload()}},true)}};\
         const fail=()=>{{if(failed)return;plain();navigator.sendBeacon({beacon:?})}};\
         addEventListener({FAILED_EVENT:?},fail);import(\"/times.js\").then(times=>times.start()).catch(()=>{{}});{passkeys}\
         addEventListener(\"keyup\",event=>{{const field=event.target;if(field.type===\"password\"&&event.getModifierState)\
         field.parentElement.toggleAttribute(\"data-caps-lock\",event.getModifierState(\"CapsLock\"))}});\
         const bundles={bundles},asked={{}};\
         globalThis.fetchBundle=name=>asked[name]??=(name===\"{admin}\"&&import(\"/lists.js\").catch(()=>{{}}),Promise.all((bundles[name]??[]).map(async file=>{{\
         const answer=await fetch(`{folder}/${{file}}.wasm`);if(!answer.ok)throw answer.status;await answer.arrayBuffer()}}))\
         .catch(error=>{{plain();throw error}}));{first}\
         import({js:?}).then(app=>app.default({{module_or_path:wasm}}).then(()=>{{try{{app.hydrate()}}catch{{fail()}}}}))\
         .catch(error=>console.info(\"This page works without its scripts:\",error));",
        first = first.unwrap_or_default(),
        passkeys = passkeys.unwrap_or_default(),
        beacon = hydration::PATH,
        // The lists with bulk actions are all in the admin.
        admin = Bundle::Admin.name(),
    )
}
