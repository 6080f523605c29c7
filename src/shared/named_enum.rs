//! Enums whose variants have names.

/// Defines an enum as one table: each variant with its name in tables or forms, and, where people
/// read it, with its words. `pub enum Kind(name)` gets `Kind::ALL` and `Kind::name`.
macro_rules! named_enum {
    ($(#[$meta:meta])* pub enum $Enum:ident($name:ident) {
        $($(#[$doc:meta])* $Variant:ident = $text:literal => $words:literal,)*
    }) => {
        named_enum! { $(#[$meta])* pub enum $Enum($name) { $($(#[$doc])* $Variant = $text,)* } }

        impl std::fmt::Display for $Enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$Variant => $words,)* })
            }
        }
    };
    ($(#[$meta:meta])* pub enum $Enum:ident($name:ident) {
        $($(#[$doc:meta])* $Variant:ident = $text:literal,)*
    }) => {
        $(#[$meta])*
        pub enum $Enum { $($(#[$doc])* #[doc = concat!("`", $text, "`")] $Variant,)* }

        impl $Enum {
            /// All variants, in the order of their definition.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$Variant),*];

            /// Returns the name.
            pub const fn $name(self) -> &'static str {
                match self { $(Self::$Variant => $text,)* }
            }
        }
    };
}

pub(crate) use named_enum;
