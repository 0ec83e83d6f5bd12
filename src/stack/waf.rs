//! The web ACLs' rules, as stack.yaml describes them, and what AWS's managed groups are made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The web ACLs' rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Waf {
    /// Rule groups that AWS keeps up to date, in the order of their evaluation: names, or
    /// `{ group, scope, count }`. All but `bots`, which costs extra, unless listed.
    #[schemars(
        with = "Vec<ManagedGroupEntry>",
        extend("uniqueItems" = true,
               "examples" = [["common", {"group": "bots", "scope": "site"}]])
    )]
    pub managed_groups: Vec<WafGroup>,
    /// Requests that one IP address may make in 5 minutes.
    #[schemars(range(min = 10, max = 2_000_000_000))]
    pub rate_limit: u32,
}

impl Default for Waf {
    fn default() -> Self {
        use ManagedGroup::{Common, IpReputation, KnownBadInputs, Sqli};
        let groups = [Common, Sqli, KnownBadInputs, IpReputation];
        Self { managed_groups: groups.map(WafGroup::whole).into(), rate_limit: 2000 }
    }
}

/// A managed group, where it is used, and which of its rules only count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ManagedGroupEntry", into = "ManagedGroupEntry")]
pub struct WafGroup {
    pub group: ManagedGroup,
    pub scope: WafScope,
    /// Names of AWS's rules.
    pub count: Vec<String>,
}

impl WafGroup {
    /// The whole group, wherever there is a web ACL.
    pub fn whole(group: ManagedGroup) -> Self {
        Self { group, scope: WafScope::Both, count: Vec::new() }
    }

    /// True where the group stops what `rule` finds, at `place`.
    pub fn blocks(&self, rule: &str, place: WafScope) -> bool {
        self.scope.covers(place) && !self.count.iter().any(|counted| counted == rule)
    }
}

/// As stack.yaml writes it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum ManagedGroupEntry {
    Name(ManagedGroup),
    Settings(ManagedGroupSettings),
}

/// A managed group with settings of its own.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ManagedGroupSettings {
    /// Which group.
    group: ManagedGroup,
    /// The web ACL that holds it: the site's, the API's, or both.
    #[serde(default)]
    scope: WafScope,
    /// Rules of the group that only count what they find and let it pass. They stay in WAF's
    /// metrics and log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("uniqueItems" = true, "examples" = [["SizeRestrictions_BODY"]]))]
    count: Vec<String>,
}

impl From<ManagedGroupEntry> for WafGroup {
    fn from(entry: ManagedGroupEntry) -> Self {
        match entry {
            ManagedGroupEntry::Name(group) => Self::whole(group),
            ManagedGroupEntry::Settings(ManagedGroupSettings { group, scope, count }) => {
                Self { group, scope, count }
            }
        }
    }
}

impl From<WafGroup> for ManagedGroupEntry {
    fn from(WafGroup { group, scope, count }: WafGroup) -> Self {
        if scope == WafScope::Both && count.is_empty() {
            Self::Name(group)
        } else {
            Self::Settings(ManagedGroupSettings { group, scope, count })
        }
    }
}

/// Which web ACLs hold a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WafScope {
    /// The one before CloudFront.
    Site,
    /// The one before the API.
    Api,
    #[default]
    Both,
}

impl WafScope {
    /// True where what has this scope stands at `place`, which is `Site` or `Api`.
    pub fn covers(self, place: Self) -> bool {
        self == Self::Both || self == place
    }
}

/// A rule group managed by AWS.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ManagedGroup {
    /// The core rules, cross-site scripting among them. Blocks bodies over 8 KB.
    Common,
    /// SQL injection.
    Sqli,
    /// Requests that are known to exploit something.
    KnownBadInputs,
    /// Addresses that Amazon knows for abuse.
    IpReputation,
    /// Bots, and every client that is no browser; charged by request on top.
    Bots,
}

impl ManagedGroup {
    /// As WAF's API names it, vendor `AWS`.
    pub fn aws(self) -> &'static str {
        match self {
            Self::Common => "AWSManagedRulesCommonRuleSet",
            Self::Sqli => "AWSManagedRulesSQLiRuleSet",
            Self::KnownBadInputs => "AWSManagedRulesKnownBadInputsRuleSet",
            Self::IpReputation => "AWSManagedRulesAmazonIpReputationList",
            Self::Bots => "AWSManagedRulesBotControlRuleSet",
        }
    }

    /// The group's rules as AWS's documentation lists them (WAF developer guide, November 2026).
    pub fn rules(self) -> &'static [&'static str] {
        match self {
            Self::Common => &COMMON,
            Self::Sqli => &SQLI,
            Self::KnownBadInputs => &KNOWN_BAD_INPUTS,
            Self::IpReputation => &IP_REPUTATION,
            Self::Bots => &BOTS,
        }
    }
}

const COMMON: [&str; 22] = [
    "NoUserAgent_HEADER",
    "UserAgent_BadBots_HEADER",
    "SizeRestrictions_QUERYSTRING",
    "SizeRestrictions_Cookie_HEADER",
    "SizeRestrictions_BODY",
    "SizeRestrictions_URIPATH",
    "EC2MetaDataSSRF_BODY",
    "EC2MetaDataSSRF_COOKIE",
    "EC2MetaDataSSRF_URIPATH",
    "EC2MetaDataSSRF_QUERYARGUMENTS",
    "GenericLFI_QUERYARGUMENTS",
    "GenericLFI_URIPATH",
    "GenericLFI_BODY",
    "RestrictedExtensions_URIPATH",
    "RestrictedExtensions_QUERYARGUMENTS",
    "GenericRFI_QUERYARGUMENTS",
    "GenericRFI_BODY",
    "GenericRFI_URIPATH",
    "CrossSiteScripting_COOKIE",
    "CrossSiteScripting_QUERYARGUMENTS",
    "CrossSiteScripting_BODY",
    "CrossSiteScripting_URIPATH",
];

const SQLI: [&str; 7] = [
    "SQLi_QUERYARGUMENTS",
    "SQLiExtendedPatterns_QUERYARGUMENTS",
    "SQLi_BODY",
    "SQLiExtendedPatterns_BODY",
    "SQLi_COOKIE",
    "SQLi_URIPATH",
    "SQLiExtendedPatterns_HEADER",
];

const KNOWN_BAD_INPUTS: [&str; 12] = [
    "JavaDeserializationRCE_HEADER",
    "JavaDeserializationRCE_BODY",
    "JavaDeserializationRCE_URIPATH",
    "JavaDeserializationRCE_QUERYSTRING",
    "Host_localhost_HEADER",
    "PROPFIND_METHOD",
    "ExploitablePaths_URIPATH",
    "Log4JRCE_HEADER",
    "Log4JRCE_QUERYSTRING",
    "Log4JRCE_BODY",
    "Log4JRCE_URIPATH",
    "ReactJSRCE_BODY",
];

const IP_REPUTATION: [&str; 3] =
    ["AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList"];

const BOTS: [&str; 18] = [
    "CategoryAdvertising",
    "CategoryArchiver",
    "CategoryContentFetcher",
    "CategoryEmailClient",
    "CategoryHttpLibrary",
    "CategoryLinkChecker",
    "CategoryMiscellaneous",
    "CategoryMonitoring",
    "CategoryPagePreview",
    "CategoryScrapingFramework",
    "CategorySearchEngine",
    "CategorySecurity",
    "CategorySeo",
    "CategorySocialMedia",
    "CategoryAI",
    "SignalAutomatedBrowser",
    "SignalKnownBotDataCenter",
    "SignalNonBrowserUserAgent",
];
