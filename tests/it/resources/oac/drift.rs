//! Out-of-band changes of each field of AWS::CloudFront::OriginAccessControl: not tried on an
//! endpoint.

use crate::support::drift::{DriftCases, gap};

/// One serves the whole account: what is changed here would be drift to all other tests.
const ONE: &str = "one for the whole account, so tried in `replayed/oac`";

pub fn cases() -> DriftCases {
    DriftCases {
        type_name: "AWS::CloudFront::OriginAccessControl",
        at: "oac.shared",
        cases: vec![
            gap("description", ONE),
            gap("origin_type", ONE),
            gap("signing_behavior", ONE),
            gap("signing_protocol", "AWS knows sigv4 alone"),
        ],
        change: |_, _| Box::pin(async {}),
    }
}
