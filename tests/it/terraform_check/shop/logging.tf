# Where the firewalls log to.

resource "aws_wafv2_web_acl_logging_configuration" "acl" {
  for_each                = local.acls
  resource_arn            = local.acl_arns[each.key]
  log_destination_configs = ["arn:aws:logs:${local.region}:${var.account}:log-group:aws-waf-logs-${local.name}-${each.key}"]
  dynamic "redacted_fields" {
    for_each = ["authorization", "cookie", "x-api-key"]
    content {
      single_header { name = redacted_fields.value }
    }
  }
}

import {
  for_each = local.acls
  to       = aws_wafv2_web_acl_logging_configuration.acl[each.key]
  id       = local.acl_arns[each.key]
}

locals {
  acl_arns = {
    cdn = "arn:aws:wafv2:us-east-1:${var.account}:global/webacl/${local.name}-cdn/${var.ids["acl cdn"]}"
    api = "arn:aws:wafv2:${local.region}:${var.account}:regional/webacl/${local.name}-api/${var.ids["acl api"]}"
  }
}
