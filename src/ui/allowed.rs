//! Content shown only to visitors who can use it.

use leptos::prelude::*;

use super::PageContext;
use crate::shared::permission::Permission;

/// Shows its content to visitors with the permission. This only hides what they cannot use; the
/// page and the server function behind it check for themselves.
#[component]
pub fn IfAllowed(
    /// The permission.
    permission: Permission,
    /// The content.
    children: Children,
) -> impl IntoView {
    visitor_may(permission).then(children)
}

/// Returns whether the visitor has the permission (Django: `perms` in a template). For display
/// only, like [`IfAllowed`].
pub fn visitor_may(permission: Permission) -> bool {
    let visitor = use_context::<PageContext>().and_then(|context| context.visitor);
    visitor.is_some_and(|visitor| visitor.may.contains(&permission))
}

/// Shows its content to the member, but not during an impersonation: it leads to pages that are
/// closed then.
#[component]
pub fn InPerson(
    /// The content.
    children: Children,
) -> impl IntoView {
    let is_impersonating =
        use_context::<PageContext>().is_some_and(|context| context.impersonation.is_some());
    (!is_impersonating).then(children)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Visitor;

    #[test]
    fn content_is_hidden_without_the_permission() {
        let shown = |visitor: Option<Visitor>| {
            Owner::new().with(|| {
                provide_context(PageContext { visitor, ..Default::default() });
                view! { <IfAllowed permission=Permission::ViewMail>"the queue"</IfAllowed> }.to_html()
            })
        };
        let visitor = |may: &[Permission]| {
            Some(Visitor {
                username: "ada".into(),
                first_name: String::new(),
                is_staff: true,
                is_superuser: false,
                may: may.to_vec(),
            })
        };
        assert!(shown(visitor(&[Permission::ViewMail])).contains("the queue"));
        assert!(!shown(visitor(&[Permission::ViewUser])).contains("the queue"));
        assert!(!shown(None).contains("the queue"));
    }
}
