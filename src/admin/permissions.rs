//! The table of permissions, in which staff choose those of a user or of a group.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    shared::{forms::Field, permission::Permission},
    ui::CheckField,
};

/// A permission, and whether a user or a group has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The permission.
    pub permission: Permission,
    /// Whether the user has it directly, or the group gives it.
    pub is_given: bool,
    /// Whether one of the user's groups gives it.
    pub of_groups: bool,
    /// Whether the caller has it, and so can give it.
    pub can_be_given: bool,
}

const HEADS: [&str; 5] = ["View", "Add", "Change", "Delete", "Other"];

/// What can be permitted for each kind of object, below [`HEADS`]. Permissions that are not here
/// come last.
const ROWS: [(&str, [&[Permission]; 5]); 7] = {
    use Permission::*;
    [
        ("Users", [&[ViewUser], &[AddUser], &[ChangeUser], &[DeleteUser], &[ResetSecondFactor, ActAsMember]]),
        ("Groups", [&[ViewGroup], &[AddGroup], &[ChangeGroup], &[DeleteGroup], &[]]),
        ("Sessions", [&[ViewSession], &[], &[], &[DeleteSession], &[]]),
        ("Activity", [&[ViewActivity], &[], &[], &[], &[]]),
        ("Email queue", [&[ViewMail], &[], &[ChangeMail], &[DeleteMail], &[]]),
        ("Cache", [&[ViewCache], &[], &[ChangeCache], &[], &[]]),
        ("Timings", [&[ViewTiming], &[], &[], &[], &[]]),
    ]
};

/// Returns the codenames of the given ones, separated by commas.
pub fn codenames(choices: &[Choice]) -> String {
    let given = choices.iter().filter(|one| one.is_given);
    given.map(|one| one.permission.codename()).collect::<Vec<_>>().join(",")
}

/// A checkbox for each permission, inside a form, which is told those that are given now. One that
/// the caller lacks cannot be ticked, but can be unticked. In a table to read, none can be changed.
#[component]
pub fn PermissionTable(
    /// Every permission that the program knows.
    choices: Vec<Choice>,
    /// Whether it is only to read.
    #[prop(optional)]
    is_read_only: bool,
) -> impl IntoView {
    let shown = codenames(&choices);
    let tick = |permission: &Permission| {
        let choice = choices.iter().find(|choice| choice.permission == *permission)?;
        let note = if choice.of_groups { " (through a group)" } else { "" };
        Some(view! {
            <CheckField
                field=Field::Permissions
                label=format!("{permission}{note}")
                present=choice.is_given
                value=permission.codename()
                disabled=is_read_only || !choice.is_given && !choice.can_be_given
            />
        })
    };
    let cell = |permissions: &[Permission]| {
        let is_inherited = choices.iter().any(|one| one.of_groups && permissions.contains(&one.permission));
        view! { <td class=is_inherited.then_some("inherited")>{permissions.iter().map(tick).collect_view()}</td> }
    };
    let is_placed =
        |one: &Permission| ROWS.iter().flat_map(|(_, cells)| *cells).any(|cell| cell.contains(one));
    let others: Vec<_> = choices.iter().map(|one| one.permission).filter(|one| !is_placed(one)).collect();
    let row = |(name, cells): (&'static str, [&[Permission]; 5])| {
        view! {
            <tr>
                <th scope="row">{name}</th>
                {cells.map(cell).collect_view()}
            </tr>
        }
    };
    view! {
        {(!is_read_only).then(|| view! { <input type="hidden" name="shown" value=shown /> })}
        <table class="list permissions">
            <caption class=is_read_only.then_some("hidden-text")>"Permissions"</caption>
            <thead>
                <tr>
                    <td></td>
                    {HEADS.map(|head| view! { <th scope="col">{head}</th> }).collect_view()}
                </tr>
            </thead>
            <tbody>
                {ROWS.map(row).collect_view()}
                {(!others.is_empty()).then(|| row(("Other", [&[], &[], &[], &[], &others])))}
            </tbody>
        </table>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_has_one_place_below_its_verb() {
        let mut placed: Vec<_> = ROWS.iter().flat_map(|(_, cells)| cells.concat()).collect();
        let count = placed.len();
        placed.sort_unstable();
        placed.dedup();
        assert_eq!(placed.len(), count);
        let below = |head: usize| ROWS.iter().flat_map(move |(_, cells)| cells[head]);
        for (head, name) in HEADS[..4].iter().enumerate() {
            let verb = format!(".{}_", name.to_lowercase());
            assert!(below(head).all(|permission| permission.codename().contains(&verb)), "{name}");
        }
    }
}
