//! A change as a sentence. Made on the server: the browser need not know the words.

/// A change as it is stored.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    /// Who made it; empty if their account is gone.
    pub actor: &'a str,
    /// Whether it is about a group.
    pub is_of_group: bool,
    /// What was changed, by name.
    pub object: &'a str,
    /// The action or the field.
    pub what: &'a str,
    /// The old value.
    pub old: &'a str,
    /// The new value.
    pub new: &'a str,
}

/// Returns the sentence, without its full stop: "boss added sam to Support team".
pub fn sentence(change: Stored<'_>) -> String {
    let Stored { actor, is_of_group, object, what, old, new } = change;
    let who = if actor.is_empty() { "A deleted account" } else { actor };
    let it = if is_of_group { format!("the group {object}") } else { object.to_owned() };
    let done = match (what, old, new) {
        ("active", _, "yes") => format!("activated {it}"),
        ("active", ..) => format!("deactivated {it}"),
        ("staff", _, "yes") => format!("made {it} staff"),
        ("staff", ..) => format!("ended {it}’s staff access"),
        ("superuser", _, "yes") => format!("made {it} a superuser"),
        ("superuser", ..) => format!("ended {it}’s superuser access"),
        ("group", "", name) => format!("added {it} to {name}"),
        ("group", name, "") => format!("removed {it} from {name}"),
        ("permission", "", name) => format!("gave {it} the permission {name}"),
        ("permission", name, "") => format!("took the permission {name} from {it}"),
        ("added", _, "") => format!("added {it}"),
        ("added", _, role) => format!("added {it} as {role}"),
        ("deleted", ..) => format!("deleted {it}"),
        ("exported", _, "") => format!("exported {it}"),
        ("exported", _, filter) => format!("exported {it}, found by {filter}"),
        ("imported", _, from) => format!("imported {it} from {from}"),
        ("logged out everywhere", ..) => format!("logged {it} out everywhere"),
        ("logged out", device, _) => format!("logged {it} out on {device}"),
        ("password", _, "switched off") => format!("disabled {it}’s password"),
        ("password", ..) => format!("set {it}’s password"),
        ("mail for a new password", ..) => format!("sent {it} an email to set a new password"),
        ("second factor", _, "off") => format!("removed {it}’s second factor"),
        ("reason", _, reason) => format!("gave the reason “{reason}” for {it}"),
        ("acting", _, words) => match words.split_once(": ") {
            Some(("began", reason)) => format!("began to act as {it}: “{reason}”"),
            _ => format!("stopped acting as {it}"),
        },
        ("cache", ..) => format!("cleared the cache: {it}"),
        ("mail tried again", _, mail) => format!("retried the email “{mail}” to {it}"),
        ("mail dropped", _, mail) => format!("deleted the queued email “{mail}” to {it}"),
        (field, "", "") => format!("changed {it}: {field}"),
        (field, "", new) => format!("set {it}’s {field} to “{new}”"),
        (field, old, "") => format!("cleared {it}’s {field}, which was “{old}”"),
        (field, old, new) => format!("changed {it}’s {field} from “{old}” to “{new}”"),
    };
    format!("{who} {done}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_sentences() {
        for (is_of_group, (what, old, new), expected) in [
            (false, ("group", "", "Support team"), "boss added sam to Support team"),
            (false, ("group", "Support team", ""), "boss removed sam from Support team"),
            (false, ("staff", "no", "yes"), "boss made sam staff"),
            (false, ("superuser", "yes", "no"), "boss ended sam’s superuser access"),
            (false, ("active", "yes", "no"), "boss deactivated sam"),
            (
                true,
                ("permission", "", "mail.view_mail"),
                "boss gave the group sam the permission mail.view_mail",
            ),
            (true, ("deleted", "", ""), "boss deleted the group sam"),
            (false, ("exported", "", ""), "boss exported sam"),
            (false, ("exported", "", "active=1"), "boss exported sam, found by active=1"),
            (false, ("added", "", "superuser"), "boss added sam as superuser"),
            (false, ("password", "", "switched off"), "boss disabled sam’s password"),
            (false, ("acting", "", "began: a wrong page"), "boss began to act as sam: “a wrong page”"),
            (false, ("acting", "", "ended: after 3 minutes"), "boss stopped acting as sam"),
            (false, ("first name", "", "Ada"), "boss set sam’s first name to “Ada”"),
            (false, ("first name", "Ada", ""), "boss cleared sam’s first name, which was “Ada”"),
            (false, ("username", "a", "b"), "boss changed sam’s username from “a” to “b”"),
            (false, ("of a later version", "", ""), "boss changed sam: of a later version"),
        ] {
            let change = Stored { actor: "boss", is_of_group, object: "sam", what, old, new };
            assert_eq!(sentence(change), expected);
        }
        let gone = Stored { actor: "", is_of_group: false, object: "sam", what: "added", old: "", new: "" };
        assert_eq!(sentence(gone), "A deleted account added sam");
    }
}
