//! Which types may be shown to everybody.

use bytes::Bytes;

/// A type of which no value says anything of any member, so that it may be kept for everybody. It is implemented for a type of
/// one's own, one line beside its definition: there the question is asked, and never for a type that is made for a member.
///
/// Texts do not have it, since a text can be anything; a type of one's own around it says what it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not for everybody: it cannot be kept in the public part of the cache",
    note = "keep it in its member's part, `cache.of(&member, …)`; if it really says nothing of any member, implement `Public` for it"
)]
pub trait Public {}

impl Public for bool {}
impl Public for i64 {}
impl<T: Public> Public for Option<T> {}
impl<T: Public> Public for Vec<T> {}

/// Bytes that were made for everybody, such as a page as it is sent to those who are not signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicBytes(pub Bytes);

impl Public for PublicBytes {}

impl From<PublicBytes> for Bytes {
    fn from(bytes: PublicBytes) -> Self {
        bytes.0
    }
}

/// The public part of the cache.
#[derive(Clone, Copy, Debug)]
pub enum Everybody {}

/// The part of one member.
#[derive(Clone, Copy, Debug)]
pub enum OneMember {}

/// What may be kept in which part: in a member's anything, in the public one what is [`Public`].
pub trait AllowedIn<Who> {}

impl<V> AllowedIn<OneMember> for V {}
impl<V: Public> AllowedIn<Everybody> for V {}
