//! Domain names of the site and of the API, as stack.yaml describes them. Certificates and DNS are
//! the author's: shopstack makes what stands between.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The site's own domain: the distribution answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteDomain {
    /// The name that visitors use.
    #[schemars(extend("examples" = ["shop.example"]))]
    pub name: String,
    /// Further names that answer as well.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true, "maxItems" = 20, "examples" = [["www.shop.example"]]))]
    pub aliases: Vec<String>,
    /// ARN of a certificate of AWS Certificate Manager in us-east-1 that covers all of the names.
    #[schemars(extend("examples" = ["arn:aws:acm:us-east-1:123456789012:certificate/\
                12345678-1234-1234-1234-123456789012"]))]
    pub certificate: String,
}

impl SiteDomain {
    /// Every name, that of the visitors first.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.name).chain(&self.aliases)
    }
}

/// The API's own domain: paths begin right behind it, without the stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiDomain {
    /// The name that callers use.
    #[schemars(extend("examples" = ["api.shop.example"]))]
    pub name: String,
    /// ARN of a certificate of AWS Certificate Manager, in the stack's region, that covers the
    /// name.
    #[schemars(extend("examples" = ["arn:aws:acm:eu-central-1:123456789012:certificate/\
                12345678-1234-1234-1234-123456789012"]))]
    pub certificate: String,
}
