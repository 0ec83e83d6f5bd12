//! How a CorsSpec is written as an OPTIONS method with a MOCK integration, and read back from one.
//! Pure.

use super::mock::{JSON, MockAnswer, MockMethod, WHEN_NO_MATCH};
use super::origins;
use super::spec::CorsSpec;
use aws_sdk_apigateway::types::{Integration, Method};

const METHODS: &str = "Access-Control-Allow-Methods";
const HEADERS: &str = "Access-Control-Allow-Headers";
const MAX_AGE: &str = "Access-Control-Max-Age";

pub fn answer(cors: &CorsSpec) -> MockAnswer {
    let mut headers = origins::headers(&cors.allow_origin, cors.allow_credentials);
    headers.insert(METHODS.to_string(), cors.allow_methods.clone());
    headers.insert(HEADERS.to_string(), cors.allow_headers.clone());
    headers.insert(MAX_AGE.to_string(), cors.max_age.clone());
    MockAnswer {
        status: "204",
        accepts: &[JSON],
        passthrough: WHEN_NO_MATCH,
        headers,
        template: origins::template(&cors.allow_origin),
    }
}

/// Reads an OPTIONS method back.
///
/// Errors: the method is not exactly what `answer` writes; the text is what it is instead.
pub fn read(
    method: &Method,
    integration: &Integration,
    extras: &[String],
) -> Result<CorsSpec, String> {
    let seen = MockMethod::read(method, integration, extras);
    let cors = CorsSpec {
        allow_origin: origins::read(&seen),
        allow_methods: seen.header(METHODS),
        allow_headers: seen.header(HEADERS),
        allow_credentials: seen.header(origins::CREDENTIALS) == "true",
        max_age: seen.header(MAX_AGE),
    };
    let answer = answer(&cors);
    seen.confirm(cors, &answer)
}

#[cfg(test)]
mod tests {
    use super::super::mock::testing::written;
    use super::*;

    const ORIGIN: &str = "Access-Control-Allow-Origin";

    fn cors(origins: &str) -> CorsSpec {
        CorsSpec {
            allow_origin: origins.into(),
            allow_methods: "GET,OPTIONS".into(),
            allow_headers: "Content-Type".into(),
            allow_credentials: false,
            max_age: "600".into(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for origins in
            ["https://a.example", "https://a.example https://b.example http://c.localhost:4566"]
        {
            for allow_credentials in [false, true] {
                let cors = CorsSpec { allow_credentials, ..cors(origins) };
                let (method, integration) = written(&answer(&cors), None);
                assert_eq!(read(&method, &integration, &[]), Ok(cors));
            }
        }
    }

    #[test]
    fn a_changed_or_added_header_is_seen() {
        let cors = answer(&cors("https://a.example"));
        let (method, integration) =
            written(&cors, Some(("Access-Control-Expose-Headers", "'X-A'")));
        let told = read(&method, &integration, &[]).unwrap_err();
        assert!(told.contains("Access-Control-Expose-Headers"), "{told}");
        let (method, integration) = written(&cors, Some((ORIGIN, "'*'")));
        assert_eq!(read(&method, &integration, &[]).unwrap().allow_origin, "*");
        let (method, integration) = written(&cors, None);
        assert!(read(&method, &integration, &["authorizerId=x".into()]).is_err());
    }

    #[test]
    fn only_listed_origins_are_echoed_and_caches_are_told() {
        let two = answer(&cors("https://a.example https://b.example"));
        let text = two.template.unwrap();
        assert!(
            text.contains("$origin == \"https://b.example\"")
                && !text.contains("== \"https://a.example\"")
        );
        assert!(text.contains("#if(!$origin || $origin == \"\")"), "{text}");
        assert_eq!(two.headers["Vary"], "Origin");
        assert!(!answer(&cors("https://a.example")).headers.contains_key("Vary"));
    }
}
