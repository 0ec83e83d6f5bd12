//! The IAM actions that an operation needs, for the error about a missing permission.

/// Actions for PutLoggingConfiguration: WAF sets up the delivery to the log group with the caller's
/// permissions.
const PUT_LOGGING: &[&str] = &[
    "wafv2:PutLoggingConfiguration",
    "iam:CreateServiceLinkedRole",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
];
/// The same for DeleteLoggingConfiguration.
const DELETE_LOGGING: &[&str] = &["wafv2:DeleteLoggingConfiguration", "logs:DeleteLogDelivery"];

/// Operations whose IAM actions have other names, or that need more than one. All others need the
/// action of the same name. From the service authorization reference and the API references' notes
/// on required permissions.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    ("apigateway:UpdateAccount", &["apigateway:PATCH", "iam:PassRole"]),
    ("apigateway:CreateRestApi", &["apigateway:POST", "apigateway:PUT"]),
    ("apigateway:CreateStage", &["apigateway:POST", "apigateway:PUT"]),
    (
        "cloudfront:CreateDistributionWithTags",
        &["cloudfront:CreateDistribution", "cloudfront:TagResource"],
    ),
    ("dynamodb:CreateTable", &["dynamodb:CreateTable", "dynamodb:TagResource"]),
    ("iam:CreateRole", &["iam:CreateRole", "iam:TagRole"]),
    ("lambda:CreateFunction", &["lambda:CreateFunction", "lambda:TagResource", "iam:PassRole"]),
    ("lambda:UpdateFunctionConfiguration", &["lambda:UpdateFunctionConfiguration", "iam:PassRole"]),
    ("logs:CreateLogGroup", &["logs:CreateLogGroup", "logs:TagResource"]),
    ("s3:CreateBucket", &["s3:CreateBucket", "s3:PutBucketOwnershipControls"]),
    ("s3:DeleteObjects", &["s3:DeleteObject", "s3:DeleteObjectVersion"]),
    ("s3:GetBucketEncryption", &["s3:GetEncryptionConfiguration"]),
    ("s3:GetPublicAccessBlock", &["s3:GetBucketPublicAccessBlock"]),
    ("s3:HeadBucket", &["s3:ListBucket"]),
    ("s3:HeadObject", &["s3:GetObject"]),
    ("s3:ListBuckets", &["s3:ListAllMyBuckets"]),
    ("s3:ListObjectVersions", &["s3:ListBucketVersions"]),
    ("s3:ListObjectsV2", &["s3:ListBucket"]),
    ("s3:PutBucketEncryption", &["s3:PutEncryptionConfiguration"]),
    ("s3:PutPublicAccessBlock", &["s3:PutBucketPublicAccessBlock"]),
    ("wafv2:AssociateWebACL", &["wafv2:AssociateWebACL", "apigateway:SetWebACL"]),
    ("wafv2:CreateWebACL", &["wafv2:CreateWebACL", "wafv2:TagResource"]),
    ("wafv2:DisassociateWebACL", &["wafv2:DisassociateWebACL", "apigateway:SetWebACL"]),
    ("wafv2:PutLoggingConfiguration", PUT_LOGGING),
    ("wafv2:DeleteLoggingConfiguration", DELETE_LOGGING),
];

/// API Gateway's actions are HTTP methods; the verb of an operation determines which.
const METHODS: &[(&str, &str)] = &[
    ("Get", "apigateway:GET"),
    ("Create", "apigateway:POST"),
    ("Put", "apigateway:PUT"),
    ("TagResource", "apigateway:PUT"),
    ("Update", "apigateway:PATCH"),
    ("Delete", "apigateway:DELETE"),
    ("UntagResource", "apigateway:DELETE"),
];

/// The IAM actions that `service:Operation` needs.
pub fn actions(operation: &str) -> Vec<&str> {
    if let Some((_, actions)) = EXCEPTIONS.iter().find(|(name, _)| *name == operation) {
        return actions.to_vec();
    }
    let verb = operation.strip_prefix("apigateway:");
    let method = verb.and_then(|verb| METHODS.iter().find(|(prefix, _)| verb.starts_with(prefix)));
    vec![method.map_or(operation, |(_, action)| action)]
}

/// The remedy for a denial: grant the action that AWS's message names, or else those that the
/// operation needs.
pub fn hint(operation: &str, message: &str) -> String {
    let missing = missing(operation, message).join(", ");
    let certain = message.contains("no identity-based policy allows");
    let unless =
        "; where it has that right, a policy of the resource or of the organisation denies it";
    format!(
        "grant {missing} to the caller, or use another profile; then run again{}",
        if certain { "" } else { unless }
    )
}

/// The actions that a denied caller lacks: the one that AWS's message names, or else those that the
/// operation needs.
pub fn missing<'a>(operation: &'a str, message: &'a str) -> Vec<&'a str> {
    named(message).map_or_else(|| actions(operation), |action| vec![action])
}

/// The action in `... is not authorized to perform: iam:PassRole on resource: ...`.
fn named(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("not authorized to perform: ")?;
    let action = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
    action
        .split_once(':')
        .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty())
        .then_some(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_known_by_the_actions_it_needs() {
        for (operation, needs) in [
            ("s3:HeadBucket", "s3:ListBucket"),
            ("s3:ListObjectVersions", "s3:ListBucketVersions"),
            ("s3:GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
            ("s3:PutBucketEncryption", "s3:PutEncryptionConfiguration"),
            ("s3:HeadObject", "s3:GetObject"),
            ("s3:PutObject", "s3:PutObject"),
            (
                "cloudfront:CreateDistributionWithTags",
                "cloudfront:CreateDistribution, cloudfront:TagResource",
            ),
            ("apigateway:GetStages", "apigateway:GET"),
            ("apigateway:CreateDeployment", "apigateway:POST"),
            ("apigateway:PutMethod", "apigateway:PUT"),
            ("apigateway:TagResource", "apigateway:PUT"),
            ("apigateway:UpdateStage", "apigateway:PATCH"),
            ("apigateway:DeleteRestApi", "apigateway:DELETE"),
            ("apigateway:UntagResource", "apigateway:DELETE"),
            ("dynamodb:DescribeTable", "dynamodb:DescribeTable"),
            ("tag:GetResources", "tag:GetResources"),
        ] {
            assert_eq!(actions(operation).join(", "), needs, "{operation}");
        }
    }

    #[test]
    fn the_hint_names_what_awss_sentence_names_and_else_what_the_operation_needs() {
        let passing = "User: arn:aws:iam::1:user/ci is not authorized to perform: iam:PassRole \
                       on resource: arn:aws:x";
        assert!(
            hint("lambda:CreateFunction", passing).starts_with("grant iam:PassRole to the caller")
        );
        assert!(
            hint("s3:CreateBucket", "is not authorized to perform: s3:CreateBucket.")
                .contains("s3:CreateBucket to")
        );
        assert!(hint("s3:HeadBucket", "").contains("s3:ListBucket"));
        assert!(
            hint("logs:TagResource", "is not authorized to perform: ").contains("logs:TagResource")
        );
    }
}
