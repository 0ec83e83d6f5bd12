//! Notes: made, read, listed by owner over an index, deleted.

use serde_json::{Value, json};
use shops::{answer, dynamodb, request, run};

fn main() {
    run(|event| {
        let table = std::env::var("NOTES_TABLE").unwrap_or_default();
        let (method, path, body) = request(event);
        let id = path.rsplit('/').next().unwrap_or_default();
        let key = json!({"noteId": {"S": id}});
        match (method, path) {
            ("POST", _) => {
                let text = |name: &str| body[name].as_str().unwrap_or("none").to_string();
                let item = json!({"noteId": {"S": text("noteId")}, "owner": {"S": text("owner")},
                                  "text": {"S": text("text")}});
                dynamodb("PutItem", &json!({"TableName": table, "Item": item}));
                answer(201, &json!({"noteId": text("noteId")}))
            }
            ("GET", "/notes") => {
                let owner = event["queryStringParameters"]["owner"].as_str().unwrap_or("nobody");
                let query = json!({"TableName": table, "IndexName": "byOwner",
                    "KeyConditionExpression": "#o = :o",
                    "ExpressionAttributeNames": {"#o": "owner"},
                    "ExpressionAttributeValues": {":o": {"S": owner}}});
                answer(200, &dynamodb("Query", &query)["Items"])
            }
            ("GET", _) => {
                let found = dynamodb("GetItem", &json!({"TableName": table, "Key": key}));
                match found.get("Item") {
                    Some(item) => answer(200, item),
                    None => answer(404, &Value::Null),
                }
            }
            ("DELETE", _) => {
                dynamodb("DeleteItem", &json!({"TableName": table, "Key": key}));
                answer(204, &Value::Null)
            }
            _ => answer(405, &Value::Null),
        }
    });
}
