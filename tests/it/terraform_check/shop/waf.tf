# A firewall in front of the website and one in front of the API.

locals {
  # By priority, behind the rate rule's 0.
  groups = [
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesSQLiRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesAmazonIpReputationList",
    local.bots,
  ]
  bots = "AWSManagedRulesBotControlRuleSet"
}

resource "aws_wafv2_web_acl" "acl" {
  for_each    = local.acls
  name        = "${local.name}-${each.key}"
  scope       = each.value
  description = "Firewall of stack ${var.stack} env dev"
  tags        = merge(local.tags, { "shopstack:id" = each.key })
  default_action {
    allow {}
  }
  visibility_config {
    metric_name                = "${local.name}-${each.key}"
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
  }
  rule {
    name     = "rate-per-ip"
    priority = 0
    action {
      block {}
    }
    statement {
      rate_based_statement {
        limit                 = 2000
        evaluation_window_sec = 300
        aggregate_key_type    = "IP"
      }
    }
    visibility_config {
      metric_name                = "rate-per-ip"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }
  dynamic "rule" {
    # They stop what is no browser, and the API has such clients.
    for_each = [for group in local.groups : group if each.key == "cdn" || group != local.bots]
    content {
      name     = trimprefix(rule.value, "AWSManagedRules")
      priority = rule.key + 1
      override_action {
        none {}
      }
      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.value
          dynamic "managed_rule_group_configs" {
            for_each = rule.value == "AWSManagedRulesBotControlRuleSet" ? ["COMMON"] : []
            content {
              aws_managed_rules_bot_control_rule_set {
                inspection_level        = managed_rule_group_configs.value
                enable_machine_learning = false
              }
            }
          }
        }
      }
      visibility_config {
        metric_name                = trimprefix(rule.value, "AWSManagedRules")
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }
}

import {
  for_each = local.acls
  to       = aws_wafv2_web_acl.acl[each.key]
  id       = "${var.ids["acl ${each.key}"]}/${local.name}-${each.key}/${each.value}"
}

resource "aws_cloudwatch_log_group" "waf" {
  for_each          = local.acls
  name              = "aws-waf-logs-${local.name}-${each.key}"
  retention_in_days = 365
  tags              = merge(local.tags, { "shopstack:id" = "waf-${each.key}" })
  lifecycle { ignore_changes = [skip_destroy] }
}

import {
  for_each = local.acls
  to       = aws_cloudwatch_log_group.waf[each.key]
  id       = "aws-waf-logs-${local.name}-${each.key}"
}

locals {
  stage = "arn:aws:apigateway:${local.region}::/restapis/${local.api}/stages/v1"
}

resource "aws_wafv2_web_acl_association" "api" {
  resource_arn = local.stage
  web_acl_arn  = "arn:aws:wafv2:${local.region}:${var.account}:regional/webacl/${local.name}-api/${var.ids["acl api"]}"
}

import {
  to = aws_wafv2_web_acl_association.api
  id = "arn:aws:wafv2:${local.region}:${var.account}:regional/webacl/${local.name}-api/${var.ids["acl api"]},${local.stage}"
}
