//! Certificates for servers of tests, made of nothing but a pair of keys.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A certificate that vouches for itself, with its key.
pub(crate) struct Certified {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const INTEGER: u8 = 0x02;
/// `ecdsa-with-SHA256`.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..128 => vec![u8::try_from(short).unwrap()],
        middle @ 128..256 => vec![0x81, u8::try_from(middle).unwrap()],
        long => [&[0x82], &u16::try_from(long).unwrap().to_be_bytes()[..]].concat(),
    };
    [vec![tag], length, content].concat()
}

/// A certificate for the address 127.0.0.1 until 2049.
pub(crate) fn certified(name: &str) -> Certified {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let common = der(SEQUENCE, &[&der(OID, &[&[0x55, 4, 3]]), &der(0x0c, &[name.as_bytes()])]);
    let named = der(SEQUENCE, &[&der(0x31, &[&common])]);
    let times = der(SEQUENCE, &[&der(0x17, &[b"250101000000Z"]), &der(0x17, &[b"490101000000Z"])]);
    let address = der(SEQUENCE, &[&der(0x87, &[&[127, 0, 0, 1]])]);
    let alternative = der(SEQUENCE, &[&der(OID, &[&[0x55, 0x1d, 0x11]]), &der(4, &[&address])]);
    let signed_with = der(SEQUENCE, &[&der(OID, &[ECDSA])]);
    let body = der(
        SEQUENCE,
        &[
            &der(0xa0, &[&der(INTEGER, &[&[2]])]),
            &der(INTEGER, &[&[1]]),
            &signed_with,
            &named,
            &times,
            &named,
            AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap().as_ref(),
            &der(0xa3, &[&der(SEQUENCE, &[&alternative])]),
        ],
    );
    let signature = pair.sign(&SystemRandom::new(), &body).unwrap();
    let certificate = der(SEQUENCE, &[&body, &signed_with, &der(3, &[&[0], signature.as_ref()])]);
    let key = pair.to_pkcs8v1().unwrap().as_ref().to_vec();
    Certified { certificate, key }
}

/// What stands in a file of certificates or keys.
pub(crate) fn pem(what: &str, der: &[u8]) -> String {
    let lines = STANDARD.encode(der);
    let lines: Vec<&str> =
        lines.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}
