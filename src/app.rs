//! The routes of all pages. Adding a page takes one line here. `server::guard` says which routes
//! anonymous visitors may see; by default none.

use leptos::{either::Either, prelude::*};
use leptos_meta::provide_meta_context;
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    hooks::use_location,
    location::Location,
    path,
};

use crate::{
    accounts::pages::{LoginPage, LogoutPage, SignupPage},
    admin::bundle::AdminPages,
    lab::bundle::LabPages,
    members::{
        bundle::AccountPages,
        pages::{DashboardPage, HomePage},
    },
    shared::{error::AppError, json::JsonEncoding},
    ui::{ErrorText, Footer, LostSession, Main, Once, PageContext, SetStatus, Top},
};

/// The root component: top, routes and footer.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // The server takes the context from the request, the browser reads it from the page.
    let context = SharedValue::<_, JsonEncoding>::new_with_encoding(|| {
        use_context::<PageContext>().unwrap_or_default()
    })
    .into_inner();
    provide_context(Once::new(&context));
    provide_context(context.clone());
    let is_missing = context.is_missing;
    let pages = || {
        view! {
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async />
                <Route path=path!("/accounts/setup") view=AccountPages::SetupPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/signup") view=SignupPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/login") view=LoginPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/login/code") view=AccountPages::MailedCodePage ssr=SsrMode::Async />
                <Route path=path!("/accounts/login/second") view=AccountPages::SecondStepPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/logout") view=LogoutPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/password_change") view=AccountPages::PasswordChangePage ssr=SsrMode::Async />
                <Route path=path!("/accounts/password_reset") view=AccountPages::PasswordResetPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/password_reset/done") view=AccountPages::PasswordResetDonePage ssr=SsrMode::Async />
                <Route path=path!("/accounts/recovery/begin") view=AccountPages::RecoveryBeginPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/recovery/stop") view=AccountPages::RecoveryStopPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/reset/new") view=AccountPages::ResetPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/reset/done") view=AccountPages::ResetDonePage ssr=SsrMode::Async />
                <Route path=path!("/accounts/reauthenticate") view=AccountPages::ReauthenticatePage ssr=SsrMode::Async />
                <Route path=path!("/accounts/email") view=AccountPages::EmailPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/email/confirm") view=AccountPages::EmailConfirmPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/email/undo") view=AccountPages::EmailUndoPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/verify") view=AccountPages::VerifyPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/not_me") view=AccountPages::NotMePage ssr=SsrMode::Async />
                <Route path=path!("/admin") view=AdminPages::AdminPage ssr=SsrMode::Async />
                <Route path=path!("/admin/act") view=AdminPages::ActPage ssr=SsrMode::Async />
                <Route path=path!("/admin/activity") view=AdminPages::AllActivityPage ssr=SsrMode::Async />
                <Route path=path!("/admin/cache") view=AdminPages::CachePage ssr=SsrMode::Async />
                <Route path=path!("/admin/groups") view=AdminPages::GroupsPage ssr=SsrMode::Async />
                <Route path=path!("/admin/groups/new") view=AdminPages::NewGroupPage ssr=SsrMode::Async />
                <Route path=path!("/admin/groups/:id") view=AdminPages::GroupPage ssr=SsrMode::Async />
                <Route path=path!("/admin/groups/:id/delete") view=AdminPages::DeleteGroupPage ssr=SsrMode::Async />
                <Route path=path!("/admin/mails") view=AdminPages::MailsPage ssr=SsrMode::Async />
                <Route path=path!("/admin/sessions") view=AdminPages::SessionsPage ssr=SsrMode::Async />
                <Route path=path!("/admin/timings") view=AdminPages::TimingsPage ssr=SsrMode::Async />
                <Route path=path!("/admin/users") view=AdminPages::UsersPage ssr=SsrMode::Async />
                <Route path=path!("/admin/users/confirm") view=AdminPages::ConfirmPage ssr=SsrMode::Async />
                <Route path=path!("/admin/users/new") view=AdminPages::NewUserPage ssr=SsrMode::Async />
                <Route path=path!("/admin/users/:id") view=AdminPages::UserPage ssr=SsrMode::Async />
                <Route path=path!("/dev/mailbox") view=LabPages::MailboxPage ssr=SsrMode::Async />
                <Route path=path!("/lab") view=LabPages::LabPage ssr=SsrMode::Async />
                <Route path=path!("/lab/cache-api") view=LabPages::CacheApiPage ssr=SsrMode::Async />
                <Route path=path!("/lab/cached-page") view=LabPages::CachedPagePage ssr=SsrMode::Async />
                <Route path=path!("/lab/matrix") view=LabPages::MatrixPage ssr=SsrMode::Async />
                <Route path=path!("/lab/messages") view=LabPages::MessagesPage ssr=SsrMode::Async />
                <Route path=path!("/members/appearance") view=AccountPages::AppearancePage ssr=SsrMode::Async />
                <Route path=path!("/members/dashboard") view=DashboardPage ssr=SsrMode::Async />
                <Route path=path!("/members/profile") view=AccountPages::ProfilePage ssr=SsrMode::Async />
                <Route path=path!("/members/secret") view=AccountPages::SecretPage ssr=SsrMode::Async />
                <Route path=path!("/members/security") view=AccountPages::SecurityPage ssr=SsrMode::Async />
                <Route path=path!("/members/security/browsers") view=AccountPages::BrowsersPage ssr=SsrMode::Async />
                <Route path=path!("/members/security/authenticator") view=AccountPages::AuthenticatorPage ssr=SsrMode::Async />
                <Route path=path!("/members/security/passkeys") view=AccountPages::PasskeysPage ssr=SsrMode::Async />
                <Route path=path!("/members/security/codes") view=AccountPages::RecoveryCodesPage ssr=SsrMode::Async />
                <Route path=path!("/members/sessions") view=AccountPages::DevicesPage ssr=SsrMode::Async />
                <Route path=path!("/members/activity") view=AccountPages::ActivityPage ssr=SsrMode::Async />
                <Route path=path!("/members/data") view=AccountPages::DataPage ssr=SsrMode::Async />
                <Route path=path!("/members/delete") view=AccountPages::DeletePage ssr=SsrMode::Async />
            </FlatRoutes>
        }
    };
    view! {
        <Router>
            <Top />
            <LostSession />
            {match is_missing {
                true => Either::Left(view! { <MissingPage /> }),
                false => Either::Right(pages()),
            }}
            <Footer />
        </Router>
    }
}

/// Shown when the server answers 404, even if a route above would match the path. Navigating away
/// from here loads the next page from the server.
#[component]
fn MissingPage() -> impl IntoView {
    let Location { pathname, search, .. } = use_location();
    Effect::new(move |before: Option<String>| {
        let query = Some(search.get()).filter(|query| !query.is_empty());
        let now = format!("{}{}", pathname.get(), query.map(|query| format!("?{query}")).unwrap_or_default());
        if before.is_some_and(|before| before != now) {
            // Without routes, the router does not navigate by itself.
            let _ = window().location().assign(&now);
        }
        now
    });
    view! { <NotFoundPage /> }
}

#[component]
fn NotFoundPage() -> impl IntoView {
    SetStatus::set(404, None);
    let PageContext { site_name, visitor, request_id, .. } = use_context().unwrap_or_default();
    view! {
        <leptos_meta::Title text=format!("Page not found · {site_name}") />
        <Main>
            <ErrorText
                status=404
                sentence=AppError::NotFound.to_string()
                is_member=visitor.is_some()
                request_id
            />
        </Main>
    }
}
