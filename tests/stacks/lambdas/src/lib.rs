//! Lambda's runtime API and DynamoDB over plain HTTP, as the local twin offers both. The twin asks
//! who signed a request and does not check the signature.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;

/// Answers events with `handler` for as long as Lambda sends them.
pub fn run(handler: fn(&Value) -> Value) {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").expect("only Lambda runs this");
    loop {
        let (headers, body) =
            ask(&api, "GET", "/2018-06-01/runtime/invocation/next", &[], "").expect("an event");
        let id = header(&headers, "lambda-runtime-aws-request-id");
        let event = serde_json::from_str(&body).unwrap_or(Value::Null);
        let path = format!("/2018-06-01/runtime/invocation/{id}/response");
        ask(&api, "POST", &path, &[], &handler(&event).to_string()).expect("an answer is taken");
    }
}

/// An answer for API Gateway.
pub fn answer(status: u16, body: &Value) -> Value {
    let headers = json!({"content-type": "application/json"});
    json!({"statusCode": status, "headers": headers, "body": body.to_string()})
}

/// Method and path of a request, and its body as JSON.
pub fn request(event: &Value) -> (&str, &str, Value) {
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    let body = serde_json::from_str(text("body")).unwrap_or(Value::Null);
    (text("httpMethod"), text("path"), body)
}

/// A call of DynamoDB; what it refuses is a panic, and so a 502 of the API.
pub fn dynamodb(operation: &str, body: &Value) -> Value {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let endpoint = variable("AWS_ENDPOINT_URL");
    let host = endpoint.trim_start_matches("http://").trim_end_matches('/');
    let credential = format!(
        "AWS4-HMAC-SHA256 Credential={}/20260101/{}/dynamodb/aws4_request, SignedHeaders=host, \
         Signature=0",
        variable("AWS_ACCESS_KEY_ID"),
        variable("AWS_REGION")
    );
    let token = variable("AWS_SESSION_TOKEN");
    let target = format!("DynamoDB_20120810.{operation}");
    let headers = [
        ("authorization", credential.as_str()),
        ("x-amz-security-token", token.as_str()),
        ("x-amz-target", target.as_str()),
        ("content-type", "application/x-amz-json-1.0"),
    ];
    let (status, answer) = ask(host, "POST", "/", &headers, &body.to_string()).expect("DynamoDB");
    assert!(status.starts_with("HTTP/1.1 200"), "{operation}: {answer}");
    serde_json::from_str(&answer).expect("JSON")
}

fn header(headers: &str, name: &str) -> String {
    let lines = headers.lines().filter_map(|line| line.split_once(": "));
    let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().to_string()).unwrap_or_default()
}

/// Head and body of an answer.
fn ask(
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> std::io::Result<(String, String)> {
    let mut stream = TcpStream::connect(host)?;
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let body = if header(head, "transfer-encoding") == "chunked" { joined(body) } else { body.into() };
    Ok((head.to_string(), body))
}

/// The chunks of a body without their lengths.
fn joined(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((length, tail)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap_or(0);
        if length == 0 || tail.len() < length {
            break;
        }
        body.push_str(&tail[..length]);
        rest = tail[length..].trim_start_matches("\r\n");
    }
    body
}
