//! Rules for the website and its distribution.

use super::context::Context;
use super::headers;
use crate::stack::error::{Report, quote, suggest};
use crate::stack::names;
use crate::stack::node::Node;
use crate::stack::{CacheRule, Cdn, ErrorPage, Geo, Site, Stack, TypeRule};

/// A year: no browser keeps a page open for longer.
const MAX_KEEP: u64 = 365 * 86_400;

/// ISO 3166-1 alpha-2 without reserved codes; CloudFront refuses any other.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI \
    BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY \
    CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN \
    GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH \
    KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL \
    PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN \
    VU WF WS YE YT ZA ZM ZW";

/// Ten years of old versions.
const MOST_DAYS: i32 = 3650;

pub(super) fn check(context: &mut Context) {
    if let Some(site) = &context.stack.site {
        check_site(context, site);
    }
    if let Some(cdn) = &context.stack.cdn {
        check_cdn(context, cdn);
    }
}

fn check_site(context: &mut Context, site: &Site) {
    let Site {
        folder,
        cache,
        types,
        index: _,
        keep,
        old_versions_days,
        headers,
        protect: _,
        domain: _,
    } = site;
    if let Some(days) = old_versions_days
        && !(1..=MOST_DAYS).contains(days)
    {
        let verdict = Err(format!("must be between 1 and {MOST_DAYS}"));
        let what = format!("the number of days {days}");
        context.value(&["site", "old_versions_days"], &what, verdict, None);
    }
    if let Some(keep) = keep {
        let verdict = match site.keep_seconds() {
            Some(60..=MAX_KEEP) => Ok(()),
            Some(_) => Err("must be between 1m and 365d".to_string()),
            None => Err("must be a number and `m`, `h` or `d`".to_string()),
        };
        let help = Some("like 7d or 12h".to_string());
        context.value(&["site", "keep"], &format!("the time {}", quote(keep)), verdict, help);
    }
    if let Some(headers) = headers {
        headers::check(context, headers);
    }
    let what = format!("the path {}", quote(folder));
    context.value(&["site", "folder"], &what, names::inner_path(folder), None);
    for TypeRule { pattern, media_type } in types {
        let path = ["site", "types", pattern.as_str()];
        let verdict = if pattern.is_empty() || pattern.starts_with('/') {
            Err("must be a path in the site's folder, without a leading `/`".to_string())
        } else {
            Ok(())
        };
        context.key(&path, &format!("the pattern {}", quote(pattern)), verdict, None);
        let help = Some("like `application/x-foo` or `text/plain; charset=utf-8`".to_string());
        let what = format!("the type {}", quote(media_type));
        context.value(&path, &what, names::content_type(media_type), help);
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, CacheRule { pattern, control }) in cache.iter().enumerate() {
        let i = i.to_string();
        let place = |key| ["site", "cache", &i, key];
        let what = format!("the pattern {}", quote(pattern));
        let verdict = if pattern.is_empty() || pattern.starts_with('/') {
            Err("must be a path in the site's folder, without a leading `/`".to_string())
        } else if seen.contains(&pattern.as_str()) || seen.contains(&"*") {
            Err("never counts: an earlier rule matches all that it matches".to_string())
        } else {
            Ok(())
        };
        context.value(&place("match"), &what, verdict, None);
        seen.push(pattern);
        if let Err((directive, help)) = cache_control(control) {
            let what = format!("{} is no directive of Cache-Control", quote(directive));
            context.at_part(&place("control"), directive, what, help);
        }
    }
}

/// RFC 9111's and RFC 5861's response directives; the error is the one that is none, and a
/// suggestion.
fn cache_control(header: &str) -> Result<(), (&str, Option<String>)> {
    if header.contains(char::is_control) {
        return Err((header, Some("write it on one line".to_string())));
    }
    let plain = [
        "no-cache",
        "no-store",
        "no-transform",
        "must-revalidate",
        "proxy-revalidate",
        "public",
        "private",
        "immutable",
    ];
    let timed = ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"];
    for directive in header.split(',').map(str::trim) {
        let (name, seconds) =
            directive.split_once('=').map_or((directive, None), |(n, s)| (n, Some(s)));
        let number = seconds.is_some_and(|s| {
            !s.is_empty() && s.len() < 11 && s.chars().all(|c| c.is_ascii_digit())
        });
        if timed.contains(&name) && !number {
            return Err((directive, Some(format!("write `{name}=SECONDS`"))));
        }
        if !timed.contains(&name) && (seconds.is_some() || !plain.contains(&name)) {
            let known: Vec<_> = plain.into_iter().chain(timed).collect();
            return Err((directive, suggest(name, &known, "allowed")));
        }
    }
    Ok(())
}

fn check_geo(context: &mut Context, geo: &Geo) {
    if geo.allow.is_empty() == geo.block.is_empty() {
        let verdict = Err("must have either `allow` or `block`, with countries in it".to_string());
        return context.value(&["cdn", "geo"], "`geo`", verdict, None);
    }
    for (key, codes) in [("allow", &geo.allow), ("block", &geo.block)] {
        for code in codes {
            if COUNTRIES.split(' ').any(|known| known == code) {
                continue;
            }
            let upper = code.to_ascii_uppercase();
            let help = match upper.as_str() {
                "UK" => Some("did you mean `GB`?".to_string()),
                _ if COUNTRIES.split(' ').any(|known| known == upper) => {
                    Some(format!("did you mean `{upper}`?"))
                }
                _ => Some("such as `DE`, `FR` or `US`".to_string()),
            };
            let what = format!("{} is no code of a country in ISO 3166-1", quote(code));
            context.at_part(&["cdn", "geo", key], code, what, help);
        }
    }
}

fn check_cdn(context: &mut Context, cdn: &Cdn) {
    let Cdn { price_class: _, default_object, error_pages, geo } = cdn;
    if let Some(geo) = geo {
        check_geo(context, geo);
    }
    if context.references && context.stack.site.is_none() {
        let help = Some("add a `site`, or remove `cdn`".to_string());
        context.key(&["cdn"], "`cdn`", Err("needs a `site` to serve".to_string()), help);
    }
    let what = format!("the path {}", quote(default_object));
    context.value(&["cdn", "default_object"], &what, names::inner_path(default_object), None);
    for (code, ErrorPage { page, status: _, cache_seconds: _ }) in error_pages {
        let code = code.to_string();
        let inner = page.strip_prefix('/').ok_or_else(|| "must begin with `/`".to_string());
        let verdict = inner.and_then(names::inner_path);
        context.value(
            &["cdn", "error_pages", &code, "page"],
            &format!("the path {}", quote(page)),
            verdict,
            None,
        );
    }
}

/// See [`crate::stack::missing_pages`].
pub(in crate::stack) fn missing_pages(
    stack: &Stack,
    tree: &Node,
    report: &mut Report,
    served: &dyn Fn(&str) -> bool,
) {
    let (Some(site), Some(cdn)) = (&stack.site, &stack.cdn) else { return };
    let mut need = |place: &[&str], key: &str| {
        if tree.find(place).is_some() && !served(key) {
            let message =
                format!("{} is not among the files of {}", quote(key), quote(&site.folder));
            let help = "name a file of the site's folder; what begins with a dot is not served";
            report.add(tree.locate(place).1, message, Some(help.to_string()));
        }
    };
    need(&["cdn", "default_object"], &cdn.default_object);
    for (code, page) in &cdn.error_pages {
        let code = code.to_string();
        need(&["cdn", "error_pages", &code, "page"], page.page.trim_start_matches('/'));
    }
}
