//! Lambda's runtime API and DynamoDB over plain HTTP, as the local twin offers both.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

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

/// A call of DynamoDB, signed as AWS wants it; what it refuses is a panic, and so a 502 of the API.
pub fn dynamodb(operation: &str, body: &Value) -> Value {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let endpoint = variable("AWS_ENDPOINT_URL");
    let host = endpoint.trim_start_matches("http://").trim_end_matches('/');
    let (now, body) = (now(), body.to_string());
    let (token, target) = (variable("AWS_SESSION_TOKEN"), format!("DynamoDB_20120810.{operation}"));
    let mut headers = vec![
        ("content-type", "application/x-amz-json-1.0"),
        ("host", host),
        ("x-amz-date", now.as_str()),
        ("x-amz-security-token", token.as_str()),
        ("x-amz-target", target.as_str()),
    ];
    headers.retain(|(_, value)| !value.is_empty());

    let scope = format!("{}/{}/dynamodb/aws4_request", &now[..8], variable("AWS_REGION"));
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let request = format!("POST\n/\n\n{lines}\n{names}\n{}", hex(&Sha256::digest(&body)));
    let text = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{}", hex(&Sha256::digest(&request)));
    let mut key = format!("AWS4{}", variable("AWS_SECRET_ACCESS_KEY")).into_bytes();
    for part in scope.split('/') {
        key = hmac(&key, part.as_bytes());
    }
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
        variable("AWS_ACCESS_KEY_ID"),
        hex(&hmac(&key, text.as_bytes()))
    );
    headers.retain(|(name, _)| *name != "host");
    headers.push(("authorization", authorization.as_str()));
    let (status, answer) = ask(host, "POST", "/", &headers, &body).expect("DynamoDB");
    assert!(status.starts_with("HTTP/1.1 200"), "{operation}: {answer}");
    serde_json::from_str(&answer).expect("JSON")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC-SHA256 (RFC 2104).
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mixed = |mask: u8| block.map(|byte| byte ^ mask);
    let inner = Sha256::new().chain_update(mixed(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(mixed(0x5c)).chain_update(inner).finalize().to_vec()
}

/// The time as AWS writes it: `20260101T120000Z`.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (mut days, rest) = (seconds / 86_400, seconds % 86_400);
    let leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year}{month:02}{:02}T{hour:02}{minute:02}{second:02}Z", days + 1)
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
    let chunked = header(head, "transfer-encoding") == "chunked";
    let body = if chunked { joined(body) } else { body.to_string() };
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
