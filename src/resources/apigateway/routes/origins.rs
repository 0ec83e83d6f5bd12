//! The header `Access-Control-Allow-Origin` of API Gateway's own answers. Pure.
//!
//! One origin is a static header. Of several origins the first is the static header, and a response
//! template replaces it by the caller's own origin where that is one of the list; its first line
//! keeps the list readable.

use super::mock::MockMethod;
use std::collections::BTreeMap;

pub const ORIGIN: &str = "Access-Control-Allow-Origin";
pub const CREDENTIALS: &str = "Access-Control-Allow-Credentials";
const ORIGINS_LINE: &str = "## origins: ";

/// The headers that let pages of these origins, separated by spaces, read an answer.
pub fn headers(origins: &str, credentials: bool) -> BTreeMap<String, String> {
    let mut origins = origins.split_whitespace();
    let mut headers = BTreeMap::new();
    if let Some(first) = origins.next() {
        headers.insert(ORIGIN.to_string(), first.to_string());
    }
    if credentials {
        headers.insert(CREDENTIALS.to_string(), "true".to_string());
    }
    if origins.next().is_some() {
        // The answer depends on the caller: caches must keep one per origin.
        headers.insert("Vary".to_string(), "Origin".to_string());
    }
    headers
}

/// The response template that echoes one of several origins; `None` for a single origin.
pub fn template(origins: &str) -> Option<String> {
    let others: Vec<_> = origins.split_whitespace().skip(1).collect();
    if others.is_empty() {
        return None;
    }
    let known =
        others.iter().map(|o| format!("$origin == \"{o}\"")).collect::<Vec<_>>().join(" || ");
    // HTTP/2 callers send header names in lower case. A header that is not there is the empty text,
    // which is true in API Gateway's Velocity (catalogue 14), and null elsewhere.
    Some(format!(
        "{ORIGINS_LINE}{origins}\n\
         #set($origin = $input.params().header.get(\"Origin\"))\n\
         #if(!$origin || $origin == \"\")#set($origin = \
         $input.params().header.get(\"origin\"))#end\n\
         #if({known})#set($context.responseOverride.header.{ORIGIN} = $origin)#end\n",
    ))
}

/// The origins of a method that was written with [`headers`] and [`template`].
pub fn read(method: &MockMethod) -> String {
    let listed = method.template().lines().next().and_then(|l| l.strip_prefix(ORIGINS_LINE));
    listed.map_or_else(|| method.header(ORIGIN), str::to_string)
}
