//! What a page may know of who looks at it.

use axum::http::Extensions;

use crate::{
    base::{
        member::{ClientInfo, Member, Permission},
        moment::moment,
    },
    site::AppState,
    ui::{Visitor, context::Notice},
};

/// What a page is told of who looks at it.
pub fn visitor(member: &Member) -> Visitor {
    Visitor {
        username: member.username().to_owned(),
        is_staff: member.is_staff(),
        is_superuser: member.is_superuser(),
        may: Permission::ALL.into_iter().filter(|permission| member.may(*permission)).collect(),
    }
}

/// What the banner says, where staff acts as the member.
pub fn notice(member: &Member) -> Option<Notice> {
    member.acting().map(|actor| Notice {
        actor: actor.username.clone(),
        member: member.username().to_owned(),
        until: moment(actor.ends_at),
    })
}

/// Whether there is an admin for whoever sent the request: `admin.allow_from`.
pub fn admin_is_here(site: &AppState, request: &Extensions) -> bool {
    let address = request.get::<ClientInfo>().map(|client| client.address.as_str()).unwrap_or_default();
    site.config.admin.is_open_to(address.parse().ok())
}
