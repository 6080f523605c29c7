//! Sends forms by script: what each server function's own client does, once for all of them.

use leptos::task::spawn_local;
use server_fn::{
    Decodes,
    client::{Client, browser::BrowserClient},
    codec::{Encoding, PostUrl},
    error::FromServerFnError,
    redirect::call_redirect_hook,
    request::{ClientReq, browser::BrowserRequest},
    response::ClientRes,
};

use crate::{
    shared::{error::AppError, forms::Submission, json::JsonEncoding},
    ui::form::Sender,
};

/// Returns the sender that all forms use.
pub fn sender() -> Sender {
    Sender::new(|path, body, answered| spawn_local(async move { answered(post(path, body).await) }))
}

async fn post(path: &str, body: String) -> Result<Submission, AppError> {
    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";
    let request =
        <BrowserRequest as ClientReq<AppError>>::try_new_req_text(path, FORM, JSON, body, PostUrl::METHOD)?;
    let answer = <BrowserClient as Client<AppError>>::send(request).await?;
    let (status, location) =
        (ClientRes::<AppError>::status(&answer), ClientRes::<AppError>::location(&answer));
    let leads_on = ClientRes::<AppError>::has_redirect(&answer);
    let answer = ClientRes::<AppError>::try_into_bytes(answer).await?;
    if status >= 400 {
        return Err(AppError::de(answer));
    }
    let submission = JsonEncoding::decode(answer).map_err(|_| AppError::Outdated)?;
    if leads_on {
        call_redirect_hook(&location);
    }
    Ok(submission)
}
