//! Pages in a bundle of their own (`shared::bundle`).

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::Arc,
};

use leptos::prelude::*;
use leptos_router::{hooks::use_location, location::Location};

use crate::shared::bundle::Bundle;

/// Loads a bundle, in the browser, and returns whether it is there. Absent on the server, which has
/// all pages.
#[derive(Clone)]
pub struct BundleLoader(Arc<Load>);

/// Whether the bundle could be loaded.
pub type Loaded = Pin<Box<dyn Future<Output = bool>>>;

type Load = dyn Fn(Bundle) -> Loaded + Send + Sync;

impl BundleLoader {
    /// Wraps the browser's implementation.
    pub fn new(load: impl Fn(Bundle) -> Loaded + Send + Sync + 'static) -> Self {
        Self(Arc::new(load))
    }
}

/// Waits for the bundle. Where it cannot be loaded (the site was updated since, or the connection
/// is lost), the browser loads the page in full, and this never returns.
pub async fn loaded(bundle: Bundle) {
    let Some(BundleLoader(load)) = use_context() else {
        return;
    };
    let Location { pathname, search, hash, .. } = use_location();
    let address = move || {
        let query = Some(search.get_untracked()).filter(|query| !query.is_empty());
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{query}{}", pathname.get_untracked(), hash.get_untracked())
    };
    let wanted = address();
    if load(bundle).await {
        return;
    }
    // The visitor may have gone elsewhere meanwhile.
    if address() == wanted {
        open_in_full(&wanted);
    }
    pending().await
}

fn open_in_full(address: &str) {
    let location = window().location();
    let here = location.origin().map(|origin| format!("{origin}{address}"));
    // After Back and Forward the address is there before the page.
    let _ = match here == location.href() {
        true => location.reload(),
        false => location.assign(address),
    };
}

/// Declares the pages of a bundle, as an enum of which each variant is the view of a `Route`. Where
/// the build does not split the WASM (`build.rs`), the pages come with the app.
macro_rules! pages_in_bundle {
    ($(#[$about:meta])* $pages:ident in $bundle:ident, $file:ident: $($page:ident,)+) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug)]
        pub enum $pages {
            $(#[doc = concat!("[`", stringify!($page), "`]")] $page,)+
        }

        impl $pages {
            /// Loads the bundle, and returns whether that went well.
            pub async fn load() -> bool {
                #[cfg(split)]
                return load_bundle().await.is_ok();
                #[cfg(not(split))]
                return true;
            }
        }

        impl leptos_router::ChooseView for $pages {
            async fn choose(self) -> leptos::prelude::AnyView {
                crate::ui::bundle::loaded(crate::shared::bundle::Bundle::$bundle).await;
                #[cfg(split)]
                return match $file(self).await {
                    Ok(view) => view,
                    // It was there a moment ago.
                    Err(_) => std::future::pending().await,
                };
                #[cfg(not(split))]
                return $file(self);
            }

            async fn preload(&self) {}
        }

        #[cfg(split)]
        use leptos::wasm_split::SplitLoaderError;

        #[cfg(split)]
        #[leptos::wasm_split::wasm_split(
            $file, wasm_split_path = leptos::wasm_split, preload(load_bundle), fallible
        )]
        fn $file(page: $pages) -> Result<leptos::prelude::AnyView, SplitLoaderError> {
            use leptos::prelude::IntoAny;
            Ok(match page {
                $($pages::$page => $page().into_any(),)+
            })
        }

        #[cfg(not(split))]
        fn $file(page: $pages) -> leptos::prelude::AnyView {
            use leptos::prelude::IntoAny;
            match page {
                $($pages::$page => $page().into_any(),)+
            }
        }
    };
}
pub(crate) use pages_in_bundle;
