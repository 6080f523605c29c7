//! The picture, and the forms around it.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::{FILE_MAX_MIB, Size, api::RemovePicture};
use crate::{
    shared::{
        forms::{FORM_PAGE, Field, FormErrors, ReturnedForm},
        paths::{PROFILE, SAVE_PICTURE},
    },
    ui::{ErrorSummary, Form},
};

/// The caller's own picture, if there is one, at the screen's resolution.
#[component]
pub fn Portrait(
    /// The picture's version, if there is one.
    version: Option<i64>,
) -> impl IntoView {
    version.map(|version| {
        let (small, large) = (Size::Small.address(version), Size::Large.address(version));
        let both = format!("{small} 1x, {large} 2x");
        view! { <img class="portrait" src=small srcset=both width="64" height="64" alt="Your picture" /> }
    })
}

/// The section "Picture" of the profile page.
#[component]
pub fn PictureSection(
    /// The present version, if there is a picture.
    version: Option<i64>,
    /// A refused upload.
    returned: Option<ReturnedForm>,
) -> impl IntoView {
    let removal = version.map(|_| {
        view! { <Form path=RemovePicture::PATH submit="Remove the picture" button="button" /> }
    });
    let shown = version.map(|version| {
        let (address, side) = (Size::Large.address(version), "128");
        view! { <img class="portrait" src=address width=side height=side alt="Your picture" /> }
    });
    view! {
        <section class="part" aria-labelledby="picture">
            <h2 id="picture">"Picture"</h2>
            {shown}
            <UploadForm errors=returned.map(|form| form.errors).unwrap_or_default() />
            {removal}
        </section>
    }
}

const LABEL: &str = "New picture";
/// The id of the summary of errors.
const SUMMARY: &str = "picture_errors";

/// A plain form even when hydrated: the browser can send a file with it, and the response is a page
/// anyway.
#[component]
fn UploadForm(errors: FormErrors) -> impl IntoView {
    // Returns to the summary, which is far down the page (`%23` is `#`).
    let action = format!("{SAVE_PICTURE}?{FORM_PAGE}={PROFILE}%23{SUMMARY}");
    let problems: Vec<String> = errors.of(Field::Picture).map(ToString::to_string).collect();
    let is_wrong = !problems.is_empty();
    view! {
        <form method="post" enctype="multipart/form-data" action=action class="form" novalidate=true>
            <ErrorSummary id=SUMMARY errors labels=&[(Field::Picture, LABEL)] />
            <div class="field">
                <label for="id_picture">{LABEL}</label>
                <input
                    id="id_picture"
                    name=Field::Picture.name()
                    type="file"
                    accept="image/png,image/jpeg,image/webp"
                    required=true
                    aria-invalid=is_wrong.then_some("true")
                    aria-describedby=if is_wrong { "id_picture_help id_picture_error" } else { "id_picture_help" }
                />
                <p class="help" id="id_picture_help">
                    {format!(
                        "PNG, JPEG or WebP, at most {FILE_MAX_MIB} MiB. The centre is cropped to a square. \
                         Location and camera data are removed.",
                    )}
                </p>
                <div class="field-errors" id="id_picture_error">
                    {problems
                        .into_iter()
                        .map(|problem| view! { <p class="error">{problem}</p> })
                        .collect_view()}
                </div>
            </div>
            <button type="submit" class="button primary">
                "Save picture"
            </button>
        </form>
    }
}
