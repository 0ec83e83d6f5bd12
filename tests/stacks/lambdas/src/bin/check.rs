//! Lets in whoever knows the word: the function of an authorizer.

use serde_json::{Value, json};
use shops::run;

fn main() {
    run(|event| {
        let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
        let effect = if text("authorizationToken") == "open sesame" { "Allow" } else { "Deny" };
        let statement = json!({"Effect": effect, "Action": "execute-api:Invoke",
            "Resource": text("methodArn")});
        json!({"principalId": "member",
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}})
    });
}
