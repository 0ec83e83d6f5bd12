//! Rules on domain names and their certificates.

use super::context::Context;
use crate::stack::Stack;
use crate::stack::error::quote;
use crate::stack::names::Verdict;

/// CloudFront reads certificates of this region alone.
const CLOUDFRONT: &str = "us-east-1";

pub(super) fn check(context: &mut Context) {
    let Stack { site, api, region, .. } = context.stack;
    let mut seen: Vec<&str> = Vec::new();
    if let Some(domain) = site.as_ref().and_then(|site| site.domain.as_ref()) {
        let at = |key| ["site", "domain", key];
        check_name(context, &at("name"), &domain.name, &mut seen);
        for (i, alias) in domain.aliases.iter().enumerate() {
            check_name(context, &["site", "domain", "aliases", &i.to_string()], alias, &mut seen);
        }
        let help = "CloudFront takes certificates of us-east-1 alone, wherever the stack is";
        let verdict = certificate(&domain.certificate, CLOUDFRONT);
        let what = quote(&domain.certificate);
        context.value(&at("certificate"), &what, verdict, Some(help.to_string()));
    }
    if let Some(domain) = api.as_ref().and_then(|api| api.domain.as_ref()) {
        let at = |key| ["api", "domain", key];
        check_name(context, &at("name"), &domain.name, &mut seen);
        let help = "API Gateway takes certificates of the API's own region alone";
        let verdict = certificate(&domain.certificate, region);
        let what = quote(&domain.certificate);
        context.value(&at("certificate"), &what, verdict, Some(help.to_string()));
    }
}

fn check_name<'n>(context: &mut Context, place: &[&str], name: &'n str, seen: &mut Vec<&'n str>) {
    let verdict = match host_name(name) {
        Ok(()) if seen.contains(&name) => Err("stands there twice".to_string()),
        verdict => verdict,
    };
    seen.push(name);
    let help = Some("such as `shop.example`: no scheme, no path, no port".to_string());
    context.value(place, &format!("the name {}", quote(name)), verdict, help);
}

/// A host name with two labels at least; international ones are written in their ASCII form.
fn host_name(name: &str) -> Verdict {
    let label = |label: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=63).contains(&label.len())
            && label.chars().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.starts_with("*.") {
        return Err("must be one name, without a wildcard".to_string());
    }
    if !name.is_ascii() {
        return Err("must be written in its ASCII form, which begins with `xn--`".to_string());
    }
    if name.len() > 253 || name.split('.').count() < 2 || !name.split('.').all(label) {
        return Err("is not a host name in lower case".to_string());
    }
    if name.split('.').all(|part| part.chars().all(|c| c.is_ascii_digit())) {
        return Err("is an address, not a name".to_string());
    }
    Ok(())
}

/// The ARN of a certificate of AWS Certificate Manager in `region`.
fn certificate(arn: &str, region: &str) -> Verdict {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", "aws", "acm", there, account, id] = parts.as_slice() else {
        return Err("is not the ARN of a certificate of AWS Certificate Manager".to_string());
    };
    let plain = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if account.len() != 12
        || !account.bytes().all(|b| b.is_ascii_digit())
        || !id.strip_prefix("certificate/").is_some_and(plain)
    {
        return Err("is not the ARN of a certificate of AWS Certificate Manager".to_string());
    }
    if *there != region {
        return Err(format!("is of {there}; it must be of {region}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_host_names() {
        for good in ["shop.example", "www.shop.example", "xn--caf-dma.example", "a-1.b2.example"] {
            assert_eq!(host_name(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "shop",
            "https://shop.example",
            "shop.example/",
            "shop.example:443",
            "Shop.example",
            "shop..example",
            "shop.example.",
            "-a.example",
            "*.shop.example",
            "café.example",
            "192.0.2.1",
            "a_b.example",
        ] {
            assert!(host_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn certificates_are_of_the_right_region() {
        let id = "certificate/12345678-1234-1234-1234-123456789012";
        let arn = |region: &str| format!("arn:aws:acm:{region}:123456789012:{id}");
        assert_eq!(certificate(&arn("eu-west-1"), "eu-west-1"), Ok(()));
        let wrong = certificate(&arn("eu-west-1"), "us-east-1").unwrap_err();
        assert!(wrong.contains("is of eu-west-1"), "{wrong}");
        for bad in [
            "",
            id,
            "arn:aws:acm:us-east-1:1:certificate/1",
            "arn:aws:acm:us-east-1:123456789012:certificate/",
            "arn:aws:acm:us-east-1:123456789012:key/1",
            "arn:aws:iam::123456789012:server-certificate/x",
            "arn:aws-cn:acm:cn-north-1:123456789012:certificate/1",
        ] {
            assert!(certificate(bad, "us-east-1").is_err(), "{bad}");
        }
    }
}
