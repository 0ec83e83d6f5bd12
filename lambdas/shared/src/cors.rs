//! The browser origins that may read an answer: exact matches from `CORS_ORIGINS`, never a
//! wildcard.

use lambda_http::http::HeaderValue;

/// The allowed origins, as given by the environment: `https://a.example,https://b.example`.
#[derive(Debug, Clone, Default)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Splits a comma list. `*` and `null` are dropped: a sandboxed frame or a file also calls
    /// itself `null`.
    pub fn parse(list: &str) -> Self {
        let wanted = list.split(',').map(str::trim);
        let kept = wanted.filter(|origin| !matches!(*origin, "" | "*" | "null"));
        Self(kept.map(str::to_owned).collect())
    }

    /// The value to send back as `Access-Control-Allow-Origin`, or none for an origin
    /// that is not allowed.
    pub fn allow(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        let origin = origin?;
        let known = self.0.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes());
        known.then(|| origin.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(list: &str, origin: &'static str) -> bool {
        Origins::parse(list).allow(Some(&HeaderValue::from_static(origin))).is_some()
    }

    #[test]
    fn only_an_exact_origin_is_echoed() {
        let list = "https://shop.example, http://x.cloudfront.localhost:4566";
        assert!(allowed(list, "https://shop.example"));
        assert!(allowed(list, "http://x.cloudfront.localhost:4566"));
        for stranger in [
            "http://shop.example",
            "https://shop.example.evil.test",
            "https://evil.shop.example",
            "https://shop.example:444",
            "https://shop.exampl",
            "null",
            "",
        ] {
            assert!(!allowed(list, stranger), "{stranger}");
        }
        assert!(Origins::parse(list).allow(None).is_none());
    }

    #[test]
    fn a_wildcard_in_the_list_opens_nothing() {
        assert!(!allowed("*, null,,", "*"));
        assert!(!allowed("*,null", "null"));
        assert!(!allowed("*", "https://shop.example"));
    }
}
