//! Rules between spec and SDK: round trips, what AWS fills in, and strangers' changes.

use super::*;
use aws_sdk_wafv2::types::GeoMatchStatement;
use aws_sdk_wafv2::types::{
    AssociatedResourceType, AssociationConfig, CaptchaConfig, ChallengeConfig, CustomResponseBody,
    DataProtection, DataProtectionAction, DataProtectionConfig, FieldToProtect, FieldToProtectType,
    ImmunityTimeProperty, Label, RequestBodyAssociatedResourceTypeConfig, ResponseContentType,
    SizeInspectionLimit,
};

fn managed(action: &str) -> WafRuleSpec {
    WafRuleSpec {
        priority: 1,
        kind: "managed".into(),
        group: "AWSManagedRulesCommonRuleSet".into(),
        limit: 0,
        action: action.into(),
        metrics: true,
        sampled: false,
        count: BTreeSet::new(),
    }
}

#[test]
fn what_is_made_reads_back_the_same() {
    let rate = |action| WafRuleSpec {
        kind: "rate".into(),
        group: String::new(),
        limit: 500,
        ..managed(action)
    };
    let counted = ["SizeRestrictions_BODY", "NoUserAgent_HEADER"].map(String::from).into();
    let counting = WafRuleSpec { count: counted, ..managed("none") };
    for spec in [managed("none"), managed("count"), counting, rate("block"), rate("count")] {
        assert_eq!(rule_spec(&rule_of("r", &spec).unwrap()), spec);
    }
}

#[test]
fn what_aws_fills_in_or_leaves_away_is_no_difference() {
    let spec =
        WafRuleSpec { kind: "rate".into(), group: String::new(), limit: 9, ..managed("block") };
    let mut rule = rule_of("r", &spec).unwrap();
    rule.rule_labels = Some(vec![]);
    rule.statement.as_mut().unwrap().rate_based_statement.as_mut().unwrap().evaluation_window_sec =
        0;
    assert_eq!(rule_spec(&rule), spec);
}

#[test]
fn counted_rules_are_the_same_in_any_order_and_only_plain_counts_are() {
    let count = ["B", "A"].map(String::from).into();
    let spec = WafRuleSpec { count, ..managed("none") };
    let mut rule = rule_of("r", &spec).unwrap();
    let group = rule.statement.as_mut().unwrap().managed_rule_group_statement.as_mut().unwrap();
    let overrides = group.rule_action_overrides.as_mut().unwrap();
    assert_eq!(overrides.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["A", "B"]);
    overrides.reverse();
    assert_eq!(rule_spec(&rule), spec);
    let group = rule.statement.as_mut().unwrap().managed_rule_group_statement.as_mut().unwrap();
    let allow = RuleAction::builder().allow(AllowAction::builder().build()).build();
    group.rule_action_overrides.as_mut().unwrap()[0].action_to_use = Some(allow);
    assert_eq!(rule_spec(&rule).kind, "other");
}

#[test]
fn a_strangers_change_inside_a_rule_shows() {
    let rule = rule_of("r", &managed("none")).unwrap();
    let with = |change: &dyn Fn(&mut Rule)| {
        let mut changed = rule.clone();
        change(&mut changed);
        rule_spec(&changed)
    };
    let overridden = with(&|r| {
        let action = RuleAction::builder().allow(AllowAction::builder().build()).build();
        let one = RuleActionOverride::builder()
            .name("NoUserAgent_HEADER")
            .action_to_use(action)
            .build()
            .unwrap();
        let group = r.statement.as_mut().unwrap().managed_rule_group_statement.as_mut().unwrap();
        group.rule_action_overrides = Some(vec![one]);
    });
    let pinned = with(&|r| {
        let group = r.statement.as_mut().unwrap().managed_rule_group_statement.as_mut().unwrap();
        group.version = Some("Version_1.0".into());
    });
    let renamed = with(&|r| r.visibility_config.as_mut().unwrap().metric_name = "else".into());
    let geo = with(&|r| {
        let geo = GeoMatchStatement::builder().build();
        r.statement = Some(Statement::builder().geo_match_statement(geo).build());
    });
    let labelled = with(&|r| {
        r.rule_labels = Some(vec![Label::builder().name("x").build().unwrap()]);
    });
    let captcha = with(&|r| r.captcha_config = Some(CaptchaConfig::builder().build()));
    let challenge = with(&|r| r.challenge_config = Some(ChallengeConfig::builder().build()));
    for spec in [&overridden, &pinned, &renamed, &geo, &labelled, &captcha, &challenge] {
        assert_eq!(spec.kind, "other", "{spec:?}");
    }
    assert_ne!(overridden.group, pinned.group);
    assert!(geo.group.starts_with("geo match "), "{}", geo.group);
    assert!(rule_of("r", &geo).is_err(), "what cannot be described cannot be made");
}

#[test]
fn shields_rule_is_not_shown_and_settings_nobody_wanted_are() {
    let shield = "ShieldMitigationRuleGroup_123456789012_x_y";
    let acl = WebAcl::builder()
        .name("a")
        .id("1")
        .arn("arn")
        .rules(rule_of(shield, &managed("none")).unwrap())
        .default_action(DefaultAction::builder().allow(AllowAction::builder().build()).build())
        .visibility_config(visibility("a", true, true).unwrap());
    let spec = spec_of(&acl.clone().build().unwrap(), "REGIONAL", Tags::new());
    assert!(spec.rules.is_empty());
    assert_eq!((spec.default_action.as_str(), spec.metric_name.as_str()), ("ALLOW", "a"));
    let immunity = || ImmunityTimeProperty::builder().immunity_time(60).build().unwrap();
    let body = CustomResponseBody::builder()
        .content_type(ResponseContentType::TextPlain)
        .content("x")
        .build()
        .unwrap();
    let size = RequestBodyAssociatedResourceTypeConfig::builder()
        .default_size_inspection_limit(SizeInspectionLimit::Kb64)
        .build()
        .unwrap();
    let field = FieldToProtect::builder().field_type(FieldToProtectType::Body).build().unwrap();
    let hidden =
        DataProtection::builder().field(field).action(DataProtectionAction::Hash).build().unwrap();
    let strange = acl
        .token_domains("example.com")
        .custom_response_bodies("b", body)
        .captcha_config(CaptchaConfig::builder().immunity_time_property(immunity()).build())
        .challenge_config(ChallengeConfig::builder().immunity_time_property(immunity()).build())
        .association_config(
            AssociationConfig::builder()
                .request_body(AssociatedResourceType::ApiGateway, size)
                .build(),
        )
        .data_protection_config(
            DataProtectionConfig::builder().data_protections(hidden).build().unwrap(),
        )
        .visibility_config(visibility("a", false, true).unwrap());
    let strange = spec_of(&strange.build().unwrap(), "REGIONAL", Tags::new());
    let expected = [
        "(association)",
        "(captcha)",
        "(challenge)",
        "(custom response bodies)",
        "(data protection)",
        "(token domains)",
        "(visibility)",
    ];
    assert_eq!(strange.rules.keys().collect::<Vec<_>>(), expected);
}

#[test]
fn bot_control_says_its_level_and_another_level_shows() {
    let spec = WafRuleSpec { group: BOT_CONTROL.into(), ..managed("none") };
    let rule = rule_of("r", &spec).unwrap();
    let group =
        |rule: &Rule| rule.statement().unwrap().managed_rule_group_statement().unwrap().clone();
    assert_eq!(group(&rule).managed_rule_group_configs().len(), 1);
    assert_eq!(rule_spec(&rule), spec);
    let with = |configs| {
        let mut changed = rule.clone();
        let group =
            changed.statement.as_mut().unwrap().managed_rule_group_statement.as_mut().unwrap();
        group.managed_rule_group_configs = configs;
        rule_spec(&changed)
    };
    assert_eq!(with(None), spec, "the common level is the default");
    let learning =
        AwsManagedRulesBotControlRuleSet::builder().inspection_level(InspectionLevel::Common);
    let learning = learning.enable_machine_learning(true).build().unwrap();
    let learning =
        ManagedRuleGroupConfig::builder().aws_managed_rules_bot_control_rule_set(learning).build();
    assert_eq!(with(Some(vec![learning])), spec, "it has no effect on the common level");
    let targeted = AwsManagedRulesBotControlRuleSet::builder()
        .inspection_level(InspectionLevel::Targeted)
        .build();
    let targeted = ManagedRuleGroupConfig::builder()
        .aws_managed_rules_bot_control_rule_set(targeted.unwrap())
        .build();
    assert_eq!(with(Some(vec![targeted])).kind, "other");
}
