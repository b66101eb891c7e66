//! The public key of a passkey: from COSE (RFC 9052 §7, RFC 9053 §7) to what verifies a signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::data::Type;
use minicbor::{Decoder, decode};
use serde::{Deserialize, Serialize};

use crate::external_issuer::keys::{Algorithm, KeyMaterial};
use crate::login::passkeys::ceremony::PasskeyError;

/// The algorithms that are asked for, by their COSE numbers, the preferred first: ES256, Ed25519, RS256. Windows Hello has only
/// the last.
pub const COSE_ALGORITHMS: [i32; 3] = [-7, -8, -257];

/// Maximum number of parameters of a key.
const MAX_PARAMETERS: u64 = 16;

/// Lengths of the modulus of an RSA key, in bytes: 2048 to 4096 bits.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// The public key of a passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PasskeyKey {
    /// A point on P-256.
    Es256 { x: [u8; 32], y: [u8; 32] },
    /// A point on edwards25519.
    Ed25519([u8; 32]),
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 { n: Vec<u8>, e: Vec<u8> },
}

impl PasskeyKey {
    /// Reads the COSE key at the beginning of `bytes`. What follows are extensions, which are not looked at.
    pub(crate) fn from_cose(bytes: &[u8]) -> Result<Self, PasskeyError> {
        let parameters = Parameters::read(bytes).map_err(|_| PasskeyError::Malformed)?;
        let key = match (parameters.number(1), parameters.number(3), parameters.number(-1)) {
            (Some(2), Some(-7), Some(1)) => {
                parameters.point(-2).zip(parameters.point(-3)).map(|(x, y)| Self::Es256 { x, y })
            }
            (Some(1), Some(-8), Some(6)) => parameters.point(-2).map(Self::Ed25519),
            (Some(3), Some(-257), None) => parameters
                .bytes(-1)
                .zip(parameters.bytes(-2))
                .map(|(n, e)| Self::Rs256 { n: n.to_vec(), e: e.to_vec() }),
            _ => None,
        };
        key.filter(Self::is_sound).ok_or(PasskeyError::UnsupportedKey)
    }

    fn is_sound(&self) -> bool {
        match self {
            Self::Es256 { .. } | Self::Ed25519(_) => true,
            Self::Rs256 { n, e } => {
                RSA_MODULUS.contains(&n.len()) && n.first() != Some(&0) && matches!(e.as_slice(), [3] | [1, 0, 1])
            }
        }
    }

    /// Returns the algorithm of its signatures.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256 { .. } => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::Rs256 { .. } => Algorithm::Rs256,
        }
    }

    /// Returns the key for the platform's import.
    #[must_use]
    pub fn material(&self) -> KeyMaterial {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Es256 { x, y } => KeyMaterial::P256 { x: text(x), y: text(y) },
            Self::Ed25519(x) => KeyMaterial::Ed25519 { x: text(x) },
            Self::Rs256 { n, e } => KeyMaterial::Rsa { n: text(n), e: text(e) },
        }
    }

    /// Returns a signature in the form of the platform. ES256 signatures of authenticators are DER (Web Authentication §6.5.5).
    /// `None` if it cannot be one.
    #[must_use]
    pub fn platform_signature(&self, signature: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Es256 { .. } => raw_ecdsa(signature),
            Self::Ed25519(_) | Self::Rs256 { .. } => Some(signature.to_vec()),
        }
    }
}

/// The parameters of a COSE key that are numbers or bytes, by their labels.
struct Parameters<'a>(Vec<(i64, Parameter<'a>)>);

#[derive(Clone, Copy)]
enum Parameter<'a> {
    Number(i64),
    Bytes(&'a [u8]),
}

impl<'a> Parameters<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, decode::Error> {
        let mut decoder = Decoder::new(bytes);
        let count = decoder.map()?.filter(|count| *count <= MAX_PARAMETERS);
        let count = count.ok_or_else(|| decode::Error::message("a key has few parameters"))?;
        let mut parameters = Vec::new();
        for _ in 0..count {
            let label = decoder.i64()?;
            let kind = decoder.datatype()?;
            if kind == Type::Bytes {
                parameters.push((label, Parameter::Bytes(decoder.bytes()?)));
            } else if matches!(kind, Type::U8 | Type::U16 | Type::U32 | Type::I8 | Type::I16 | Type::I32) {
                parameters.push((label, Parameter::Number(decoder.i64()?)));
            } else {
                decoder.skip()?;
            }
        }
        Ok(Self(parameters))
    }

    /// Returns the only parameter with this label. A repeated label means one thing here and another elsewhere.
    fn get(&self, label: i64) -> Option<Parameter<'a>> {
        let mut found = self.0.iter().filter(|(other, _)| *other == label).map(|(_, parameter)| *parameter);
        found.next().filter(|_| found.next().is_none())
    }

    fn number(&self, label: i64) -> Option<i64> {
        match self.get(label) {
            Some(Parameter::Number(number)) => Some(number),
            Some(Parameter::Bytes(_)) | None => None,
        }
    }

    fn bytes(&self, label: i64) -> Option<&'a [u8]> {
        match self.get(label) {
            Some(Parameter::Bytes(bytes)) => Some(bytes),
            Some(Parameter::Number(_)) | None => None,
        }
    }

    fn point(&self, label: i64) -> Option<[u8; 32]> {
        self.bytes(label)?.try_into().ok()
    }
}

/// Reads `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3) with numbers of at most 32 bytes, and writes R and S.
fn raw_ecdsa(der: &[u8]) -> Option<Vec<u8>> {
    let (sequence, rest) = element(der, 0x30)?;
    let (r, after_r) = element(sequence, 0x02)?;
    let (s, after_s) = element(after_r, 0x02)?;
    if !rest.is_empty() || !after_s.is_empty() {
        return None;
    }
    let mut raw = Vec::with_capacity(64);
    for number in [r, s] {
        let number = match number {
            // The zero that makes a number positive is there only if its first bit would make it negative.
            [0, first, ..] if *first >= 0x80 => number.get(1..)?,
            [first, ..] if *first < 0x80 && *first > 0 => number,
            _ => return None,
        };
        raw.extend(std::iter::repeat_n(0, 32_usize.checked_sub(number.len())?));
        raw.extend(number);
    }
    Some(raw)
}

/// Splits off an element of DER with this tag and a length below 128.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (header, rest) = der.split_first_chunk::<2>()?;
    let [found, length] = *header;
    if found != tag || length >= 0x80 {
        return None;
    }
    rest.split_at_checked(length.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A COSE key with these parameters.
    fn cose(entries: &[(i64, Parameter<'_>)]) -> Vec<u8> {
        let mut encoder = minicbor::Encoder::new(Vec::new());
        encoder.map(entries.len() as u64).unwrap();
        for (label, parameter) in entries {
            encoder.i64(*label).unwrap();
            match parameter {
                Parameter::Number(number) => encoder.i64(*number).unwrap(),
                Parameter::Bytes(bytes) => encoder.bytes(bytes).unwrap(),
            };
        }
        encoder.into_writer()
    }

    #[test]
    fn the_three_kinds_of_keys_are_read_and_no_others() {
        use Parameter::{Bytes, Number};
        let es256 = [(1, Number(2)), (3, Number(-7)), (-1, Number(1)), (-2, Bytes(&[1; 32])), (-3, Bytes(&[2; 32]))];
        assert_eq!(PasskeyKey::from_cose(&cose(&es256)), Ok(PasskeyKey::Es256 { x: [1; 32], y: [2; 32] }));
        let ed25519 = [(1, Number(1)), (3, Number(-8)), (-1, Number(6)), (-2, Bytes(&[3; 32]))];
        assert_eq!(PasskeyKey::from_cose(&cose(&ed25519)), Ok(PasskeyKey::Ed25519([3; 32])));
        let rs256 = |n: &[u8], e: &[u8]| cose(&[(1, Number(3)), (3, Number(-257)), (-1, Bytes(n)), (-2, Bytes(e))]);
        assert!(PasskeyKey::from_cose(&rs256(&[0x80; 256], &[1, 0, 1])).is_ok());
        let followed = [cose(&ed25519), vec![0xa0]].concat();
        assert!(PasskeyKey::from_cose(&followed).is_ok(), "extensions follow");
        let changed = |at: usize, parameter| {
            let mut entries = es256;
            entries[at].1 = parameter;
            cose(&entries)
        };
        for (name, key) in [
            ("a short RSA key", rs256(&[0x80; 128], &[1, 0, 1])),
            ("another exponent", rs256(&[0x80; 256], &[1])),
            ("another curve", changed(2, Number(2))),
            ("a short point", changed(3, Bytes(&[1; 31]))),
            ("an algorithm that does not fit", changed(1, Number(-8))),
            ("another kind of key", changed(0, Number(4))),
            ("a repeated label", cose(&[ed25519.as_slice(), &[(-2, Bytes(&[4; 32]))]].concat())),
        ] {
            assert_eq!(PasskeyKey::from_cose(&key), Err(PasskeyError::UnsupportedKey), "{name}");
        }
        for bytes in [&b""[..], b"\x01", b"\xbf", &[0x9f; 5000], &[0xbb; 9]] {
            assert_eq!(PasskeyKey::from_cose(bytes), Err(PasskeyError::Malformed), "{:?}", bytes.first());
        }
    }

    #[test]
    fn a_der_signature_becomes_two_numbers_of_32_bytes() {
        let key = PasskeyKey::Es256 { x: [1; 32], y: [2; 32] };
        let der = |r: &[u8], s: &[u8]| {
            let numbers = [r, s].map(|number| [&[2, u8::try_from(number.len()).unwrap()], number].concat()).concat();
            [&[0x30, u8::try_from(numbers.len()).unwrap()], numbers.as_slice()].concat()
        };
        let raw = key.platform_signature(&der(&[&[0, 0x80], [7; 31].as_slice()].concat(), &[5])).unwrap();
        assert_eq!((raw[0], raw[32..63].to_vec(), raw[63], raw.len()), (0x80, vec![0; 31], 5, 64));
        for (name, bad) in [
            ("nothing", Vec::new()),
            ("raw", vec![1; 64]),
            ("negative", der(&[0x80], &[1])),
            ("a zero too many", der(&[0, 1], &[1])),
            ("no digits", der(&[], &[1])),
            ("too long", der(&[1; 33], &[1])),
            ("something after it", [der(&[1], &[1]), vec![0]].concat()),
        ] {
            assert_eq!(key.platform_signature(&bad), None, "{name}");
        }
    }
}
