//! Which types may be cached for everybody.

use bytes::Bytes;

/// Marks a type whose values never say anything about a member, so that they may be cached for
/// everybody. Implement it in one line beside the type's definition, where the question belongs;
/// never for a type that is built for a member.
///
/// Strings do not implement it, since a string can contain anything: wrap it in a type that says
/// what it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not public: it must not be cached for all visitors",
    note = "cache it per member with `cache.of(&member, …)`; implement `Public` only if it contains no member's data"
)]
pub trait Public {}

impl Public for bool {}
impl Public for i64 {}
impl<T: Public> Public for Option<T> {}
impl<T: Public> Public for Vec<T> {}

/// Bytes that were produced for everybody, such as a page as sent to visitors who are not signed
/// in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicBytes(pub Bytes);

impl Public for PublicBytes {}

impl From<PublicBytes> for Bytes {
    fn from(bytes: PublicBytes) -> Self {
        bytes.0
    }
}

/// The public part of the cache, as a type parameter of its views.
#[derive(Clone, Copy, Debug)]
pub enum Everybody {}

/// The part of the cache that belongs to one member, as a type parameter of its views.
#[derive(Clone, Copy, Debug)]
pub enum OneMember {}

/// Says which types may be stored in which part: any type in a member's, only [`Public`] types in
/// the public one.
pub trait AllowedIn<Who> {}

impl<V> AllowedIn<OneMember> for V {}
impl<V: Public> AllowedIn<Everybody> for V {}
