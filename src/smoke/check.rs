//! The names of the checks, the same as `smoke.checks` in stack.yaml knows.

use serde::{Deserialize, Serialize};

/// One check; names are stable, scripts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The site answers over CloudFront, with its security headers; plain http is sent on to https.
    Site,
    /// The bucket refuses a direct read.
    Bucket,
    /// The requests of `smoke.requests` get the answers named there; without any, each route
    /// without parameters that can be asked by GET answers with something else than a 5xx.
    Requests,
    /// The API's product list is what the table holds.
    Products,
    /// A preflight passes for the site's origin and fails for another.
    Cors,
    /// An order that was posted is found in its table, and removed again.
    Order,
    /// A tampered total and malformed JSON are refused.
    Tampering,
    /// An order sent twice with one `Idempotency-Key` is one order, and the key is refused for
    /// another.
    Replay,
    /// An order for a product that does not exist is refused.
    UnknownProduct,
    /// An order for more than there is of a product is refused, and takes nothing.
    Oversold,
    /// A product named in markup is sent as JSON text that no browser takes for a page.
    Markup,
    /// The firewall stops an SQL injection and a cross-site scripting probe.
    Waf,
    /// The log groups hold what just happened.
    Logs,
}

impl Check {
    pub const ALL: [Self; 13] = [
        Self::Site,
        Self::Bucket,
        Self::Requests,
        Self::Products,
        Self::Cors,
        Self::Order,
        Self::Tampering,
        Self::Replay,
        Self::UnknownProduct,
        Self::Oversold,
        Self::Markup,
        Self::Waf,
        Self::Logs,
    ];

    /// The name in stack.yaml, in events and in JUnit.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Bucket => "bucket",
            Self::Requests => "requests",
            Self::Products => "products",
            Self::Cors => "cors",
            Self::Order => "order",
            Self::Tampering => "tampering",
            Self::Replay => "replay",
            Self::UnknownProduct => "unknown_product",
            Self::Oversold => "oversold",
            Self::Markup => "markup",
            Self::Waf => "waf",
            Self::Logs => "logs",
        }
    }

    /// The check of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Check;

    #[test]
    fn names_are_those_of_stack_yaml() {
        for check in Check::ALL {
            assert_eq!(Check::from_name(check.as_str()), Some(check));
            assert_eq!(serde_json::to_value(check).unwrap(), check.as_str());
        }
        assert_eq!(Check::from_name("nothing"), None);
    }
}
