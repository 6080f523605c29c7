//! A page's data: the server renders it into the page, and the browser reads it from there or
//! fetches it later.

#[cfg(not(feature = "ssr"))]
#[path = "in_browser.rs"]
mod to_json;
#[cfg(feature = "ssr")]
#[path = "on_server.rs"]
mod to_json;

use std::{any::Any, future::Future, marker::PhantomData, pin::Pin, sync::Arc};

use leptos::{
    prelude::*,
    server::codee::{Decoder, Encoder},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::shared::{error::AppError, json::from_json};

/// The data of a page, for [`super::Loaded`].
///
/// It wraps a `Resource` that does not know the type of its value. So the WASM contains the code of
/// the resource, and of parsing JSON, only once and not once per page.
pub struct Data<T> {
    resource: Resource<Carried, AsJson>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Data<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Data<T> {}

impl<T> Data<T>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Loads the data, and reloads it whenever `depends_on` changes.
    pub fn load<S, Fut>(
        depends_on: impl Fn() -> S + Send + Sync + 'static,
        load: impl Fn(S) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        S: Clone + PartialEq + Send + Sync + 'static,
        Fut: Future<Output = Result<T, AppError>> + Send + 'static,
    {
        let load = move |of| {
            let (loading, report) = (load(of), to_json::report());
            Box::pin(async move { Carried::new(loading.await.map_err(report)) }) as Loading
        };
        Self { resource: carried(Arc::new(depends_on), Arc::new(load)), kind: PhantomData }
    }

    /// Waits for the data.
    pub async fn get(self) -> Result<T, AppError> {
        self.resource.await.read()
    }

    /// Reloads the data.
    pub fn refetch(self) {
        self.resource.refetch();
    }
}

type Loading = Pin<Box<dyn Future<Output = Carried> + Send>>;

fn carried<S>(
    depends_on: Arc<dyn Fn() -> S + Send + Sync>,
    load: Arc<dyn Fn(S) -> Loading + Send + Sync>,
) -> Resource<Carried, AsJson>
where
    S: Clone + PartialEq + Send + Sync + 'static,
{
    Resource::new_with_options(move || depends_on(), move |of| load(of), false)
}

type Anything = dyn Any + Send + Sync;

/// Serializes a `Result<T, AppError>` to JSON.
type ToJson = fn(&Anything) -> Result<String, serde_json::Error>;

/// A `Result<T, AppError>`, with its type erased.
#[derive(Clone)]
enum Carried {
    /// The value as loaded here.
    Here {
        value: Arc<Anything>,
        /// Serializes it into the page.
        to_json: ToJson,
    },
    /// The JSON from the page.
    Json(Arc<str>),
}

impl Carried {
    fn new<T: Serialize + Send + Sync + 'static>(value: Result<T, AppError>) -> Self {
        Self::Here { value: Arc::new(value), to_json: to_json::of::<T>() }
    }

    fn read<T: Clone + DeserializeOwned + 'static>(&self) -> Result<T, AppError> {
        match self {
            Self::Here { value, .. } => value.downcast_ref().cloned(),
            Self::Json(text) => from_json(text).ok(),
        }
        .unwrap_or(Err(AppError::Internal))
    }
}

struct AsJson;

impl Encoder<Carried> for AsJson {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(carried: &Carried) -> Result<String, serde_json::Error> {
        match carried {
            Carried::Here { value, to_json } => to_json(&**value),
            Carried::Json(text) => Ok(text.to_string()),
        }
    }
}

impl Decoder<Carried> for AsJson {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<Carried, serde_json::Error> {
        Ok(Carried::Json(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(value: Result<Vec<u8>, AppError>) -> Result<Vec<u8>, AppError> {
        let here = Carried::new(value.clone());
        assert_eq!(here.read(), value);
        let text = AsJson::encode(&here).expect("JSON");
        let there = AsJson::decode(&text).expect("carried");
        assert_eq!(AsJson::encode(&there).expect("the same"), text);
        there.read()
    }

    #[test]
    fn the_browser_reads_what_the_server_has_loaded() {
        assert_eq!(there_and_back(Ok(vec![1, 2])), Ok(vec![1, 2]));
        assert_eq!(there_and_back(Err(AppError::Forbidden)), Err(AppError::Forbidden));
    }

    #[test]
    fn unreadable_data_is_an_error_not_a_panic() {
        let other = Carried::new(Ok(1_u8));
        assert_eq!(other.read::<String>(), Err(AppError::Internal));
        let torn = AsJson::decode("{\"Ok\":[1,").expect("carried");
        assert_eq!(torn.read::<Vec<u8>>(), Err(AppError::Internal));
    }
}
