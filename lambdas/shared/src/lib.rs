//! What both Lambdas share: the DynamoDB client, its errors, CORS, answers, the log line, and
//! attribute values as JSON.

pub mod attribute;
pub mod cors;
pub mod dynamo;
pub mod reply;
pub mod settings;
