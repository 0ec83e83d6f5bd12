//! Shared by both Lambdas: the DynamoDB client and its errors, the time that a request has, the
//! rule that decides which products are sold, money, CORS, answers, log lines.

pub mod cors;
pub mod deadline;
pub mod dynamo;
pub mod log;
pub mod money;
pub mod product;
pub mod reply;
pub mod settings;
pub mod smoke;
