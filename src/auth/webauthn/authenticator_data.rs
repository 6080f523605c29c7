//! Authenticator data: what the authenticator says of itself, and signs (WebAuthn, 6.1).

use super::cbor;

/// Bits of the flags.
const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const CAN_SYNC: u8 = 1 << 3;
const IS_SYNCED: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

/// Authenticator data, taken apart.
pub struct AuthenticatorData<'a> {
    /// SHA-256 of the relying party's id.
    pub party_hash: &'a [u8],
    /// Whether somebody was there.
    pub user_present: bool,
    /// Whether the authenticator knows who, by a PIN or biometrically.
    pub user_verified: bool,
    /// Whether the credential can be synced to other devices.
    pub can_sync: bool,
    /// Whether it is synced.
    pub is_synced: bool,
    /// How often the credential was used, or zero if the authenticator does not count.
    pub counter: u32,
    /// The new credential, in a registration.
    pub credential: Option<NewCredential<'a>>,
}

/// A new credential.
pub struct NewCredential<'a> {
    /// The model of the authenticator.
    pub aaguid: &'a [u8],
    /// The credential's id.
    pub id: &'a [u8],
    /// The public key as COSE.
    pub public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Takes it apart. Returns `None` when something is missing, is left over, or contradicts
    /// something else.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (party_hash, rest) = bytes.split_at_checked(32)?;
        let (flags, rest) = rest.split_first()?;
        let (counter, mut rest) = rest.split_first_chunk::<4>()?;
        let has = |bit: u8| flags & bit != 0;
        if has(IS_SYNCED) && !has(CAN_SYNC) {
            return None;
        }
        let mut credential = None;
        if has(HAS_CREDENTIAL) {
            let (aaguid, after) = rest.split_at_checked(16)?;
            let (length, after) = after.split_first_chunk::<2>()?;
            let (id, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
            let end = cbor::read(after)?.1;
            let public_key = &after[..after.len() - end.len()];
            credential = Some(NewCredential { aaguid, id, public_key });
            rest = end;
        }
        if has(HAS_EXTENSIONS) {
            let (extensions, end) = cbor::read(rest)?;
            matches!(extensions, cbor::Value::Map(_)).then_some(())?;
            rest = end;
        }
        rest.is_empty().then_some(Self {
            party_hash,
            user_present: has(USER_PRESENT),
            user_verified: has(USER_VERIFIED),
            can_sync: has(CAN_SYNC),
            is_synced: has(IS_SYNCED),
            counter: u32::from_be_bytes(*counter),
            credential,
        })
    }
}
