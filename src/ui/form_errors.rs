//! The errors of a form: at its fields, and in a summary above them.

use leptos::prelude::*;

use super::{heading::WindowTitle, number::counted};
use crate::shared::{
    error::AppError,
    forms::{Field, FormErrors},
};

/// Shows the errors of a field.
#[component]
pub(super) fn Errors(field: Field, errors: Signal<FormErrors>) -> impl IntoView {
    move || {
        errors
            .get()
            .of(field)
            .map(|problem| view! { <p class="error">{problem.to_string()}</p> })
            .collect_view()
    }
}

/// Returns whether the errors are at fields, and not about the form as a whole.
pub(super) fn are_at_fields(errors: &FormErrors) -> bool {
    !errors.is_empty() && errors.of(Field::Form).next().is_none()
}

/// Lists the wrong fields, each with a link to it, of the fields with a label.
pub(super) fn summary(errors: &FormErrors, labels: &[(Field, &'static str)]) -> Option<AnyView> {
    if !are_at_fields(errors) {
        return None;
    }
    let wrong: Vec<_> = labels.iter().filter(|(field, _)| errors.of(*field).next().is_some()).collect();
    if wrong.is_empty() {
        let text = AppError::Invalid(FormErrors::default()).to_string();
        return Some(view! { <p class="error">{text}</p> }.into_any());
    }
    let text = format!("There is a problem with {}:", counted(wrong.len(), "field"));
    let links = wrong.into_iter().map(|(field, label)| {
        // The browser moves the focus to where the link leads.
        view! {
            <li>
                <a href=format!("#id_{}", field.name()) rel="external">
                    {*label}
                </a>
            </li>
        }
    });
    Some(
        view! {
            <p class="error">{text}</p>
            <ul>{links.collect_view()}</ul>
        }
        .into_any(),
    )
}

/// The summary of a form that is no [`super::Form`]. An address that ends in `#` and its id focuses
/// it.
#[component]
pub fn ErrorSummary(
    /// The id.
    id: &'static str,
    /// The errors.
    errors: FormErrors,
    /// The labels of the fields.
    labels: &'static [(Field, &'static str)],
) -> impl IntoView {
    if !errors.is_empty() {
        WindowTitle::mark(use_context::<WindowTitle>(), true);
    }
    view! {
        <div id=id class="form-errors" role="alert" tabindex="-1">
            {summary(&errors, labels)}
        </div>
    }
}
