//! Certificates and keys, written into the file or into another one.

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::files::Files;
use super::section::{Report, Section};

/// PEM text and the key path it stands at.
pub(super) struct Pem {
    pub(super) path: String,
    text: String,
}

impl Pem {
    /// The text at `inline`, or of the file that `file` names; `None` without either, and with a problem.
    pub(super) fn find(
        section: &mut Section<'_>,
        inline: &'static str,
        file: &'static str,
        files: &mut Files,
        report: &mut Report,
    ) -> Option<Self> {
        let text = section.text(inline, report);
        let name = section.text(file, report);
        let (inline, path) = (section.path(inline), section.path(file));
        match (text, name) {
            (Some(_), Some(_)) => {
                report.add(&path, &format!("stands beside {inline}; keep one of them"));
                None
            }
            (Some(text), None) => Some(Self { path: inline, text }),
            (None, Some(name)) => {
                let file = files.resolve(&name);
                match files.text(&file) {
                    Ok(text) => Some(Self { path, text }),
                    Err(error) => {
                        let file = file.display();
                        report.add(
                            &path,
                            &format!("{file} cannot be read ({error}); correct the path or the file"),
                        );
                        None
                    }
                }
            }
            (None, None) => None,
        }
    }

    /// The certificates; `None` with a problem if there is none.
    pub(super) fn certificates(&self, report: &mut Report) -> Option<Vec<CertificateDer<'static>>> {
        let certificates: Result<Vec<_>, Error> = CertificateDer::pem_slice_iter(self.text.as_bytes()).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Some(certificates),
            _ => {
                report.add(
                    &self.path,
                    "holds no PEM certificate; give one that begins with -----BEGIN CERTIFICATE-----",
                );
                None
            }
        }
    }

    /// The private key; `None` with a problem, which never repeats any of it.
    pub(super) fn private_key(&self, report: &mut Report) -> Option<PrivateKeyDer<'static>> {
        let key = PrivateKeyDer::from_pem_slice(self.text.as_bytes()).ok();
        if key.is_none() {
            let what = if self.text.contains("ENCRYPTED") {
                "holds a key that is encrypted; decrypt it, for example with openssl pkey"
            } else {
                "holds no PEM private key; give one that begins with -----BEGIN PRIVATE KEY-----"
            };
            report.add(&self.path, what);
        }
        key
    }
}
