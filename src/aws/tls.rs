//! Failed TLS handshakes: which certificate was rejected and why, and the remedy.

use rustls::{CertificateError, Error};

/// Beginnings of the message for a rejected certificate.
pub(super) const REFUSED: &str = "the server's certificate was refused";

/// Beginnings of the message for any other failed handshake.
pub(super) const FAILED: &str = "the TLS handshake failed";

const NO_TLS: &str = "check the port, or write http:// where the endpoint has no TLS";

/// Message and remedy if one of the causes is a TLS error; `None` for other failures.
pub(super) fn trouble(causes: &[&(dyn std::error::Error + 'static)]) -> Option<(String, String)> {
    let Some(error) = causes.iter().find_map(|cause| cause.downcast_ref::<Error>()) else {
        // The TLS library returns it as an I/O error without its own type.
        let hung_up = causes.iter().any(|cause| cause.to_string() == "tls handshake eof");
        return hung_up.then(|| (format!("{FAILED}: the other side hung up"), NO_TLS.into()));
    };
    let (message, hint) = match error {
        Error::InvalidCertificate(why) => (format!("{REFUSED}: {error}"), remedy(why)),
        Error::InvalidMessage(_) => {
            (format!("{FAILED}, since what answers does not speak TLS: {error}"), NO_TLS)
        }
        _ => (
            format!("{FAILED}: {error}"),
            "check that the address, or the proxy on the way to it, speaks TLS 1.2 or 1.3",
        ),
    };
    Some((message, hint.into()))
}

fn remedy(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::UnknownIssuer => {
            "no authority that is trusted here has signed it: where a proxy or an endpoint has an \
             authority of its own, name its certificate in AWS_CA_BUNDLE or as `ca_bundle` in the \
             profile; on a bare system install ca-certificates"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired: have it renewed; if it should be valid, check this machine's clock"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet: check this machine's clock"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name: check the address in AWS_ENDPOINT_URL, and whether a proxy \
             answers in its place"
        }
        _ => "whoever runs that server has to replace its certificate",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(error: Error) -> (String, String) {
        // As hyper-rustls nests it.
        let nested = std::io::Error::other(std::io::Error::other(error));
        trouble(&super::super::words::causes(&nested)).unwrap()
    }

    #[test]
    fn each_cause_has_its_own_remedy() {
        for (why, words) in [
            (CertificateError::UnknownIssuer, "AWS_CA_BUNDLE"),
            (CertificateError::Expired, "renewed"),
            (CertificateError::NotValidYet, "clock"),
            (CertificateError::NotValidForName, "another name"),
            (CertificateError::BadSignature, "replace its certificate"),
        ] {
            let (message, hint) = explained(Error::InvalidCertificate(why));
            assert!(message.starts_with(REFUSED) && hint.contains(words), "{message}: {hint}");
        }
        let (message, hint) =
            explained(Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType));
        assert!(message.contains("does not speak TLS") && hint.contains("http://"), "{message}");
        let other = std::io::Error::other("reset");
        assert!(trouble(&super::super::words::causes(&other)).is_none());
    }
}
