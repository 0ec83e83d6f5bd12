//! One scripted answer, and how each of AWS's protocols writes it on the wire.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json as value};
use std::time::Duration;

/// How a service writes its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON in both directions: DynamoDB, Logs, WAF, the tag index; with paths, Lambda and API
    /// Gateway.
    Json,
    /// XML with the error inside `ErrorResponse`: IAM, CloudFront.
    Xml,
    /// XML with the error as the root: S3.
    S3,
}

#[derive(Clone, Debug)]
enum Body {
    Text(String),
    /// Breaks off while it is read.
    Cut,
    Refusal {
        code: String,
        message: String,
    },
}

/// One scripted answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Body,
    /// How often it is given; `usize::MAX` is for ever.
    pub times: usize,
    /// How long it takes to come.
    pub late: Duration,
}

fn answer(status: u16, body: Body) -> Answer {
    Answer { status, headers: vec![], body, times: 1, late: Duration::ZERO }
}

/// 200 with a JSON body.
pub fn json(body: Value) -> Answer {
    answer(200, Body::Text(body.to_string()))
}

/// 200 with an XML body.
pub fn xml(body: impl Into<String>) -> Answer {
    answer(200, Body::Text(body.into()))
}

/// 200 with a body that breaks off.
pub fn cut() -> Answer {
    answer(200, Body::Cut)
}

/// 200 without a body.
pub fn empty() -> Answer {
    answer(200, Body::Text(String::new()))
}

/// A refusal with this code, HTTP 400.
pub fn refused(code: &str) -> Answer {
    refused_with(code, "as AWS says it")
}

/// A refusal with this code and message, HTTP 400.
pub fn refused_with(code: &str, message: &str) -> Answer {
    answer(400, Body::Refusal { code: code.into(), message: message.into() })
}

impl Answer {
    pub fn status(self, status: u16) -> Answer {
        Answer { status, ..self }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    pub fn etag(self, value: &str) -> Answer {
        self.header("etag", value)
    }

    /// Given that often.
    pub fn times(self, times: usize) -> Answer {
        Answer { times, ..self }
    }

    /// Given for ever.
    pub fn always(self) -> Answer {
        self.times(usize::MAX)
    }

    /// Comes so many seconds after it was asked for.
    pub fn late(self, seconds: u64) -> Answer {
        Answer { late: Duration::from_secs(seconds), ..self }
    }

    pub fn response(self, format: Format) -> HttpResponse {
        let cut = matches!(self.body, Body::Cut);
        let text = match self.body {
            Body::Text(text) => text,
            Body::Cut => String::new(),
            Body::Refusal { code, message } => match format {
                Format::Json => {
                    value!({"__type": code, "code": code, "message": message}).to_string()
                }
                Format::Xml => format!(
                    "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
                ),
                Format::S3 => {
                    format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>")
                }
            },
        };
        let status = StatusCode::try_from(self.status).unwrap();
        // Reading a body that was taken is an error, as reading one that breaks off is.
        let body = if cut { SdkBody::taken() } else { SdkBody::from(text) };
        let mut response = HttpResponse::new(status, body);
        let kind = if format == Format::Json { "application/json" } else { "application/xml" };
        response.headers_mut().insert("content-type", kind);
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
