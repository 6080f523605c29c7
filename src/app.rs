//! Every page of the site, on one screen. A new page is one line here; who may see it without being signed in is said in
//! `server::guard`, and nobody is the default.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};

use server_fn::ServerFn;

use crate::{
    accounts::{
        api::LogOut,
        pages::{LoginPage, LogoutPage, SignupPage},
    },
    activity::pages::ActivityPage,
    members::pages::{DashboardPage, HomePage, ProfilePage, SecretPage},
    my_data::pages::{DataPage, DeletePage},
    ui::{ErrorText, Once, PageContext, SetStatus},
};

/// The site.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // On the server from the request, in the browser from the page.
    let context = SharedValue::new(|| use_context::<PageContext>().unwrap_or_default()).into_inner();
    provide_context(Once::new(&context));
    provide_context(context.clone());
    view! {
        <Router>
            <SiteHeader context />
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async />
                <Route path=path!("/accounts/signup") view=SignupPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/login") view=LoginPage ssr=SsrMode::Async />
                <Route path=path!("/accounts/logout") view=LogoutPage ssr=SsrMode::Async />
                <Route path=path!("/members/dashboard") view=DashboardPage ssr=SsrMode::Async />
                <Route path=path!("/members/profile") view=ProfilePage ssr=SsrMode::Async />
                <Route path=path!("/members/secret") view=SecretPage ssr=SsrMode::Async />
                <Route path=path!("/members/activity") view=ActivityPage ssr=SsrMode::Async />
                <Route path=path!("/members/data") view=DataPage ssr=SsrMode::Async />
                <Route path=path!("/members/delete") view=DeletePage ssr=SsrMode::Async />
            </FlatRoutes>
            <footer class="site-footer">
                <p>"Every request is timed, every cached thing says when it was made."</p>
            </footer>
        </Router>
    }
}

#[component]
fn SiteHeader(context: PageContext) -> impl IntoView {
    let links = match context.visitor {
        Some(visitor) => view! {
            <li class="welcome">{format!("Welcome, {}", visitor.username)}</li>
            <li>
                <a href="/members/dashboard">"Dashboard"</a>
            </li>
            <li>
                <a href="/members/profile">"Profile"</a>
            </li>
            <li>
                <form method="post" action=LogOut::PATH>
                    <button type="submit" class="link">
                        "Log out"
                    </button>
                </form>
            </li>
        }
        .into_any(),
        None => view! {
            <li>
                <a href="/accounts/login">"Log in"</a>
            </li>
            <li>
                <a href="/accounts/signup">"Sign up"</a>
            </li>
        }
        .into_any(),
    };
    view! {
        <a class="skip" href="#content" rel="external">
            "Skip to the content"
        </a>
        <header class="site-header">
            <a class="site-name" href="/">
                {context.site_name}
            </a>
            <nav aria-label="Account">
                <ul>{links}</ul>
            </nav>
        </header>
    }
}

#[component]
fn NotFoundPage() -> impl IntoView {
    SetStatus::set(404, None);
    let site_name = use_context::<PageContext>().unwrap_or_default().site_name;
    view! {
        <leptos_meta::Title text=format!("Page not found · {site_name}") />
        <main class="page" id="content" tabindex="-1">
            <ErrorText status=404 sentence=crate::error::AppError::NotFound.to_string() />
        </main>
    }
}
