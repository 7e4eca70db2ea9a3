//! Certificates and keys, written into the file or into another one.

use config_file::Section;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Room for every certificate authority there is.
const FILE_BYTES: u64 = 4 * 1024 * 1024;

/// What PEM text has, and the key that it was read from.
pub(super) struct Pem<T> {
    pub(super) key: &'static str,
    pub(super) content: T,
}

/// What `parse` makes of the PEM text at the key `inline`, or of the file that the key `file` names.
pub(super) fn read<T>(
    section: &Section<'_>,
    inline: (&'static str, &Option<String>),
    file: (&'static str, &Option<String>),
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Pem<T>> {
    let of = |key| move |content| Pem { key, content };
    let text = section.value(inline.0, inline.1, |text| Ok(text.to_owned()));
    match (text, section.path(file.0, file.1, "file")) {
        (Some(_), Some(_)) => {
            section.report(
                file.0,
                format!("is beside {}; keep one of them", section.path_of(inline.0)),
            );
            None
        }
        (Some(text), None) => section.check(inline.0, parse(&text)).map(of(inline.0)),
        (None, Some(path)) => section.text_file(file.0, &path, FILE_BYTES, parse).map(of(file.0)),
        (None, None) => None,
    }
}

/// Like [`read`], for PEM that TLS needs.
pub(super) fn required<T>(
    section: &Section<'_>,
    inline: (&'static str, &Option<String>),
    file: (&'static str, &Option<String>),
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Pem<T>> {
    let problems = section.file().problems();
    let pem = read(section, inline, file, parse);
    if pem.is_none() && section.file().problems() == problems {
        section.report(file.0, "is missing; TLS needs a certificate and its key");
    }
    pem
}

/// The certificates; there is at least one.
pub(super) fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let certificates = certificates.unwrap_or_default();
    if certificates.is_empty() {
        return Err("has no PEM certificate; give one that begins with -----BEGIN CERTIFICATE-----".to_owned());
    }
    Ok(certificates)
}

/// The private key. The error never contains any of it.
pub(super) fn private_key(text: &str) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        let wrong = if text.contains("ENCRYPTED") {
            "has a key that is encrypted; decrypt it, for example with openssl pkey"
        } else {
            "has no PEM private key; give one that begins with -----BEGIN PRIVATE KEY-----"
        };
        wrong.to_owned()
    })
}
