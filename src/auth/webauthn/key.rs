//! Public keys (RFC 9052, RFC 9053), and the signatures that they verify.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ring::{
    agreement::{self, ECDH_P256, EphemeralPrivateKey, agree_ephemeral},
    rand::SystemRandom,
};

use super::cbor::Value;

/// The algorithms that are offered, the preferred one first (IANA COSE): ES256, EdDSA, RS256.
pub const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// A public key of one of the [`ALGORITHMS`].
pub enum PublicKey<'a> {
    /// ES256: a point on P-256, uncompressed.
    P256([u8; 65]),
    /// EdDSA on Ed25519.
    Ed25519(&'a [u8]),
    /// RS256: the modulus and the exponent.
    Rsa(&'a [u8], &'a [u8]),
}

impl<'a> PublicKey<'a> {
    /// Reads a COSE key. Returns `None` for other algorithms, curves and lengths.
    pub fn read(key: &Value<'a>) -> Option<Self> {
        const KEY_TYPE: i64 = 1;
        const ALGORITHM: i64 = 3;
        match (key.int(KEY_TYPE)?, key.int(ALGORITHM)?) {
            (2, -7) if key.int(-1)? == 1 => {
                let (x, y) = (key.bytes(-2)?, key.bytes(-3)?);
                let point = if x.len() == 32 { [&[4][..], x, y].concat() } else { return None };
                Some(Self::P256(point.try_into().ok()?)).filter(|key| key.is_whole())
            }
            (1, -8) if key.int(-1)? == 6 => Some(Self::Ed25519(key.bytes(-2)?)).filter(|key| key.is_whole()),
            (3, -257) => Some(Self::Rsa(key.bytes(-1)?, key.bytes(-2)?)).filter(|key| key.is_whole()),
            _ => None,
        }
    }

    fn is_whole(&self) -> bool {
        match self {
            Self::P256(point) => is_on_curve(point),
            Self::Ed25519(key) => key.len() == 32,
            // From 2048 bits; the exponents in use have up to three bytes.
            Self::Rsa(modulus, exponent) => {
                (256..=1024).contains(&modulus.len())
                    && modulus[0] >= if modulus.len() == 256 { 0x80 } else { 1 }
                    && (1..=4).contains(&exponent.len())
            }
        }
    }

    /// Returns whether this key's owner has signed the message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Rsa(n, e) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        }
        .is_ok()
    }
}

/// Without this check a key that can never verify anything would count as a way to log in. `ring`
/// looks at a point only when it is used.
fn is_on_curve(point: &[u8; 65]) -> bool {
    let key = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
    key.is_ok_and(|key| {
        agree_ephemeral(key, &agreement::UnparsedPublicKey::new(&ECDH_P256, point), |_| ()).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::super::{cbor, decode};
    use super::*;

    /// Made with `openssl genpkey -algorithm RSA` and `openssl dgst -sha256 -sign`.
    const MODULUS: &str = "47YCsYo3mZAiWK7p6D90HUzC5dd5W0yHHjjxgNbk7r2sISMeKSuE8fjA6eAF1Aq2jb6ysCk9jlXP2KsmSnI3jOdKdH\
        eUnmC8Y910M_MiLzcY3lYshRR_WArFPZ6YMHWfkGlT6GoocO1_XyWUu_I_f5Uyz7nq3eq9qHI38XFTHDdiTvqP1AeZ\
        3qXerYgbMiXJpegclXMO2vGiksbsLTXpDI2LX-N6fSDLh5buBR9z2e8p682E9Wdj8lmB7YEZ_pHBsfF1iN_S5Uuq9e\
        az9JdXPJ-Ue8XXaCbZwiqF0VPw0Uto-VbCYhrnPs44efiRd5Ckr9l9RJ4BxrV4i6rhw0Aqvw";
    const SIGNATURE: &str = "xOfnbLoiF_57K7gdPBVOxVBWdGAIJtaffz6fjoUw4CNLfA_asQooVKbhROhla3xOD4YkeQXSoHqguHJtBtoGdF4Q4D\
        q6PJWCKXHsGiqhLrjSJ9bFAMSFltYu8CIoJd0HiiKdt4G7WqqkPiWQSmtYZLqjlgkT3tstpMwKd6ytwgAVgMXugYok\
        MZ7OBKMzQWGORYhvmM1bvxIiQyfjXTYYx6QD13MFkUmbLnp-nM3ywAghzqqwe0CaSmBBerg4gM5YNWOZn_Xuw0g69X\
        gMfEiurKOVdWnjWPy_iJ1LB2tdHHzeTfO6JkptHe5th4EtV-kDtzictW19U0U22CqAXK8E7Q";

    fn rsa(modulus: &[u8]) -> Vec<u8> {
        let length = u16::try_from(modulus.len()).expect("short").to_be_bytes();
        // {1: 3, 3: -257, -1: modulus, -2: 65537}
        [&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59][..], &length, modulus, &[0x21, 0x43, 1, 0, 1]].concat()
    }

    #[test]
    fn an_rsa_key_verifies_what_it_signed_and_nothing_else() {
        let (modulus, signature) = (decode(MODULUS).expect("bytes"), decode(SIGNATURE).expect("bytes"));
        let cose = rsa(&modulus);
        let key = cbor::read_all(&cose).expect("CBOR");
        let key = PublicKey::read(&key).expect("a key");
        assert!(key.verify(b"a message", &signature));
        assert!(!key.verify(b"another one", &signature) && !key.verify(b"a message", &signature[1..]));
        let short = rsa(&modulus[..128]);
        assert!(PublicKey::read(&cbor::read_all(&short).expect("CBOR")).is_none(), "1024 bits");
    }
}
