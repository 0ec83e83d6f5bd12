//! The recording proxy of the live tests knows a request by the AWS operation that it asks for.

use crate::support::wire::{Message, mutation, write};

#[test]
fn requests_are_known_by_what_they_do() {
    let message = Message::parse;
    let json = |op: &str, body: &str| {
        message(&format!("POST / HTTP/1.1\r\nX-Amz-Target: {op}\r\n\r\n{body}"))
    };
    let named = |m: Message| write(&m);
    assert_eq!(named(json("DynamoDB_20120810.CreateTable", "{}")).unwrap(), "DynamoDB CreateTable");
    assert_eq!(named(json("DynamoDB_20120810.UpdateItem", r#"{"TableName":"shopstack"}"#)), None);
    assert_eq!(
        mutation(&json("DynamoDB_20120810.UpdateItem", r#"{"TableName":"shopstack"}"#)).unwrap(),
        "DynamoDB UpdateItem"
    );
    assert_eq!(named(json("DynamoDB_20120810.DescribeTable", "{}")), None);
    let form = "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nAction=";
    assert_eq!(named(message(&format!("{form}CreateRole&RoleName=x"))).unwrap(), "CreateRole");
    assert_eq!(named(message(&format!("{form}ListRoles"))), None);
    let rest = message(
        "PUT /restapis/abcdef12/resources/ab/methods/GET?x-id=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    assert_eq!(named(rest).unwrap(), "PUT /restapis/*/resources/*/methods/*?");
    assert_eq!(named(message("GET /restapis HTTP/1.1\r\n\r\n")), None);
}
