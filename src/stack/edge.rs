//! The internet-facing parts of stack.yaml: API, site, distribution.

use super::ApiDomain;
use super::authorizer::{Authorizer, ProtectedRoute, RouteForm};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An API Gateway REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Name of the stage, the first part of every URL path.
    #[serde(default = "stage")]
    #[schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,128}$", "examples" = ["v1"]))]
    pub stage: String,
    /// `METHOD /path: function`, one a line, in the order of the file; `ANY` stands for every
    /// method that has no line of its own. A path segment may be a `{parameter}`, the last one a
    /// `{parameter+}`, which takes the rest of the path. A route that only some may call names its
    /// authorizer: `{ function: ID, authorizer: ID }`.
    #[serde(deserialize_with = "routes")]
    #[schemars(
        with = "BTreeMap<String, RouteForm>",
        extend(
            "minProperties" = 1,
            "propertyNames" = {"pattern": "^(GET|HEAD|POST|PUT|PATCH|DELETE|ANY) /"},
            "examples" = [{"GET /products": "listProducts"}]
        )
    )]
    pub routes: Vec<Route>,
    /// Who may call the routes that name one of these, by logical id. Preflight requests are
    /// answered to anyone.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 10,
               "propertyNames" = {"pattern": "^[A-Za-z][A-Za-z0-9]{0,31}$"}))]
    pub authorizers: BTreeMap<String, Authorizer>,
    /// Which websites may call the API from a browser; none unless set.
    pub cors: Option<Cors>,
    /// A domain of your own; API Gateway's unless set. One environment can have it: name it in that
    /// one's overlay.
    pub domain: Option<ApiDomain>,
    /// An OpenAPI description of the API, relative to stack.yaml; `validate` refuses routes that
    /// are not in it.
    #[schemars(extend("examples" = ["lambdas/openapi.yaml"]))]
    pub openapi: Option<String>,
    /// Answers of so many bytes and more are compressed for clients that take it; none unless set.
    #[schemars(range(min = 0, max = 10_485_760), extend("examples" = [1024]))]
    pub compress: Option<u32>,
    /// Media types whose bodies are bytes and no text: they reach functions in base64, and answers
    /// that a function gives in base64 leave as bytes. API Gateway compares an answer's type with
    /// the first one that the caller's `Accept` names; `*/*` takes them all.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true, "examples" = [["image/*", "application/pdf"]]))]
    pub binary: Vec<String>,
    /// Ceiling on calls, all callers together.
    #[serde(default)]
    pub throttling: Throttling,
}

fn stage() -> String {
    "v1".to_string()
}

/// One method on one path, and the logical id of the function that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    pub method: String,
    pub path: String,
    pub function: String,
    /// Logical id of the authorizer; `None` for a route that anyone may call.
    pub authorizer: Option<String>,
    /// OAuth scopes of which a caller's token must have one.
    pub scopes: Vec<String>,
}

impl Route {
    /// As stack.yaml writes it: `GET /products`.
    pub fn key(&self) -> String {
        if self.path.is_empty() {
            self.method.clone()
        } else {
            format!("{} {}", self.method, self.path)
        }
    }

    /// How closely the route fits a request, most closely first; `None` where it takes none such.
    fn fit(&self, method: &str, path: &str) -> Option<(Vec<u8>, bool)> {
        let any = self.method == "ANY";
        if !any && self.method != method {
            return None;
        }
        let mut given = path.split('/');
        let mut fit = Vec::new();
        for segment in self.path.split('/') {
            let part = given.next()?;
            if segment.ends_with("+}") {
                return (!part.is_empty()).then(|| {
                    fit.push(2);
                    (fit, any)
                });
            }
            let parameter = segment.starts_with('{') && !part.is_empty();
            if segment != part && !parameter {
                return None;
            }
            fit.push(u8::from(segment != part));
        }
        given.next().is_none().then_some((fit, any))
    }
}

impl Api {
    /// The route that takes a request, given as stack.yaml writes routes; as API Gateway chooses:
    /// fixed segments before parameters, a method of its own before `ANY`.
    pub fn route_of(&self, request: &str) -> Option<&Route> {
        if let Some(same) = self.routes.iter().find(|route| route.key() == request) {
            return Some(same);
        }
        let (method, path) = request.split_once(' ')?;
        let fits = self.routes.iter().filter_map(|route| Some((route.fit(method, path)?, route)));
        fits.min_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, route)| route)
    }
}

/// Never fails on a key: one without a space becomes a method without a path, which the rules then
/// refuse with its place.
fn routes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Route>, D::Error> {
    let map = serde_json::Map::deserialize(deserializer)?;
    let route = |(key, target): (String, serde_json::Value)| {
        let (method, path) = key.split_once(' ').unwrap_or((&key, ""));
        let (method, path) = (method.to_string(), path.to_string());
        Ok(match RouteForm::deserialize(target).map_err(serde::de::Error::custom)? {
            RouteForm::Open(function) => {
                Route { method, path, function, authorizer: None, scopes: Vec::new() }
            }
            RouteForm::Protected(ProtectedRoute { function, authorizer, scopes }) => {
                Route { method, path, function, authorizer, scopes }
            }
        })
    };
    map.into_iter().map(route).collect()
}

/// Cross-origin calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// `site` for this stack's own site, or exact origins such as `https://shop.example`; http for
    /// localhost alone.
    #[schemars(with = "Vec<String>", extend("minItems" = 1,
               "uniqueItems" = true, "examples" = [["site"]]))]
    pub origins: Vec<Origin>,
    /// Request headers that pages may send, beside `Content-Type`; `[]` for none.
    #[serde(default = "cors_headers")]
    #[schemars(extend("uniqueItems" = true,
               "examples" = [["Authorization", "X-Request-Id"]]))]
    pub headers: Vec<String>,
    /// Response headers that pages may read, beside those that browsers always show. API Gateway's
    /// own answers carry this list; a function's answers carry what the function says, for which
    /// it gets `${api.cors_expose}`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true, "examples" = [["ETag", "Link"]]))]
    pub expose: Vec<String>,
    /// Pages may send cookies and client certificates. Functions must say so too, for which they
    /// get `${api.cors_credentials}`.
    #[serde(default)]
    pub credentials: bool,
    /// Seconds that browsers may remember the answer to a preflight request.
    #[serde(default = "cors_max_age")]
    #[schemars(range(min = 0, max = 86_400))]
    pub max_age: u32,
}

fn cors_headers() -> Vec<String> {
    ["Authorization", "Idempotency-Key"].map(String::from).into()
}

fn cors_max_age() -> u32 {
    600
}

impl Cors {
    /// All request headers that pages may send, sorted, none twice.
    pub fn allowed_headers(&self) -> Vec<String> {
        let mut all = self.headers.clone();
        if !all.iter().any(|name| name.eq_ignore_ascii_case("Content-Type")) {
            all.push("Content-Type".to_string());
        }
        all.sort_by_key(|name| name.to_ascii_lowercase());
        all
    }
}

/// A website that may call the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Origin {
    /// The origin of this stack's own distribution.
    Site,
    /// Scheme, host and, unless the scheme's own, port.
    Exact(String),
}

impl From<String> for Origin {
    fn from(text: String) -> Self {
        if text == "site" { Self::Site } else { Self::Exact(text) }
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Site => "site".to_string(),
            Origin::Exact(text) => text,
        }
    }
}

/// A token bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Throttling {
    /// Requests a second in the long run.
    #[schemars(range(min = 1, max = 10_000))]
    pub rate: u32,
    /// Requests that may come at once.
    #[schemars(range(min = 1, max = 5_000))]
    pub burst: u32,
}

impl Default for Throttling {
    fn default() -> Self {
        Self { rate: 50, burst: 100 }
    }
}

/// A CloudFront distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cdn {
    /// Where in the world CloudFront answers from: the more, the dearer.
    pub price_class: PriceClass,
    /// The file that `/` stands for.
    #[schemars(extend("examples" = ["index.html"]))]
    pub default_object: String,
    /// What viewers see in place of an error, by its status code.
    #[schemars(
        with = "BTreeMap<String, ErrorPage>",
        extend("propertyNames" = {"enum": ["400", "403", "404", "405",
                   "414", "416", "500", "501", "502", "503", "504"]})
    )]
    pub error_pages: BTreeMap<u16, ErrorPage>,
    /// Countries that are let in, or shut out; all are let in unless given. The API does not go by
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
}

/// Countries by their codes of ISO 3166-1, in one of the two lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Geo {
    /// The only countries that are let in.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(extend("examples" = [["AT", "CH", "DE"]]))]
    pub allow: BTreeSet<String>,
    /// The countries that are shut out.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub block: BTreeSet<String>,
}

impl Default for Cdn {
    fn default() -> Self {
        let (price_class, error_pages) = (PriceClass::default(), BTreeMap::new());
        Self { price_class, default_object: "index.html".to_string(), error_pages, geo: None }
    }
}

/// CloudFront's price classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PriceClass {
    /// North America, Europe and Israel.
    #[default]
    #[serde(rename = "PriceClass_100")]
    Class100,
    /// Those of 100, and most of Asia, the Middle East and Africa.
    #[serde(rename = "PriceClass_200")]
    Class200,
    /// Everywhere.
    #[serde(rename = "PriceClass_All")]
    All,
}

impl PriceClass {
    /// As CloudFront's API writes it.
    pub fn aws(self) -> &'static str {
        match self {
            Self::Class100 => "PriceClass_100",
            Self::Class200 => "PriceClass_200",
            Self::All => "PriceClass_All",
        }
    }
}

/// The page shown in place of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorPage {
    /// Path of a file of the site, with a leading `/`.
    #[schemars(extend("pattern" = "^/", "examples" = ["/404.html"]))]
    pub page: String,
    /// The status that viewers get with it.
    #[schemars(extend("enum" = [200, 400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]))]
    pub status: u16,
    /// Seconds that CloudFront remembers the error.
    #[serde(default = "error_ttl")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub cache_seconds: u32,
}

fn error_ttl() -> u32 {
    10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_goes_to_the_route_that_fits_it_best() {
        let api: Api = serde_json::from_value(serde_json::json!({"routes": {
            "ANY /{proxy+}": "rest", "GET /a/{id}": "one", "ANY /a/{id}": "others", "GET /a/b": "b",
            "GET /": "root",
        }}))
        .unwrap();
        for (request, function) in [
            ("GET /", "root"),
            ("GET /a/b", "b"),
            ("GET /a/c", "one"),
            ("PUT /a/c", "others"),
            ("GET /a/c/d", "rest"),
            ("DELETE /x", "rest"),
            ("ANY /{proxy+}", "rest"),
        ] {
            let found = api.route_of(request).map(|route| route.function.as_str());
            assert_eq!(found, Some(function), "{request}");
        }
        assert!(api.route_of("POST /").is_none() && api.route_of("GET").is_none());
    }
}
