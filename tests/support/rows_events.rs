//! The same of what calls functions besides routes, which the shop does not have:
//! `replayed/event_source.rs` plays them.

use super::rows::Row;

/// Errors of event sources and rules.
pub const EVENTS: &[Row] = &[
    Row::new(
        "4.3",
        "lambda:CreateEventSourceMapping",
        (400, "InvalidParameterValueException"),
        "Cannot access stream arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/1. Please \
         ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and \
         ListStreams Actions on your stream in IAM.",
        2,
    ),
    Row::new(
        "5.2",
        "lambda:CreateEventSourceMapping",
        (400, "ResourceInUseException"),
        "The event source mapping is being created",
        1,
    ),
    Row::new(
        "4.3",
        "lambda:UpdateEventSourceMapping",
        (400, "InvalidParameterValueException"),
        "Cannot access stream",
        1,
    ),
    Row::new(
        "5.2",
        "lambda:UpdateEventSourceMapping",
        (400, "ResourceInUseException"),
        "Cannot update the event source mapping because it is in use.",
        2,
    ),
    Row::new(
        "4.3",
        "lambda:DeleteEventSourceMapping",
        (400, "InvalidParameterValueException"),
        "Cannot access stream",
        1,
    ),
    Row::new(
        "5.2",
        "lambda:DeleteEventSourceMapping",
        (400, "ResourceInUseException"),
        "Cannot delete the event source mapping because it is in use.",
        2,
    ),
    Row::new(
        "1.3",
        "events:PutRule",
        (400, "ConcurrentModificationException"),
        "Rule is being modified by another request.",
        2,
    ),
];
