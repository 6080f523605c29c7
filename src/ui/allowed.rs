//! What is shown only to who can use it.

use leptos::prelude::*;

use super::PageContext;
use crate::shared::permission::Permission;

/// Shows its content to a visitor who has the permission. It hides and guards nothing: the page and the server function behind it ask
/// for themselves.
#[component]
pub fn IfAllowed(
    /// Which.
    permission: Permission,
    /// What is shown then.
    children: Children,
) -> impl IntoView {
    visitor_may(permission).then(children)
}

/// Whether the visitor has the permission (Django: `perms` in a template). A question of looks, as [`IfAllowed`].
pub fn visitor_may(permission: Permission) -> bool {
    let visitor = use_context::<PageContext>().and_then(|context| context.visitor);
    visitor.is_some_and(|visitor| visitor.may.contains(&permission))
}

/// Shows its content to the member, and not to staff who acts as them: it leads to what is closed to staff (`acting::open`).
#[component]
pub fn InPerson(
    /// What is shown then.
    children: Children,
) -> impl IntoView {
    let is_acted = use_context::<PageContext>().is_some_and(|context| context.acting.is_some());
    (!is_acted).then(children)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Visitor;

    #[test]
    fn hidden_from_who_may_not() {
        let shown = |visitor: Option<Visitor>| {
            Owner::new().with(|| {
                provide_context(PageContext { visitor, ..Default::default() });
                view! { <IfAllowed permission=Permission::ViewMail>"the queue"</IfAllowed> }.to_html()
            })
        };
        let visitor = |may: &[Permission]| {
            Some(Visitor { username: "ada".into(), is_staff: true, is_superuser: false, may: may.to_vec() })
        };
        assert!(shown(visitor(&[Permission::ViewMail])).contains("the queue"));
        assert!(!shown(visitor(&[Permission::ViewUser])).contains("the queue"));
        assert!(!shown(None).contains("the queue"));
    }
}
