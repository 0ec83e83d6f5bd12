# What the shop does not have by itself: a function that a table and the clock call, an alarm on it, an authorizer.

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "${local.name}-createOrder"
  description         = "Calls the function ${local.name}-createOrder"
  schedule_expression = "rate(1 day)"
  state               = "ENABLED"
  tags                = merge(local.tags, { "shopstack:id" = "createOrder" })
  # Terraform's own: read from no API.
  lifecycle { ignore_changes = [force_destroy] }
}

import {
  to = aws_cloudwatch_event_rule.nightly
  id = "${local.name}-createOrder"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule      = "${local.name}-createOrder"
  target_id = "function"
  arn       = "arn:aws:lambda:${local.region}:${var.account}:function:${local.name}-createOrder"
  lifecycle { ignore_changes = [force_destroy] }
}

import {
  to = aws_cloudwatch_event_target.nightly
  id = "${local.name}-createOrder/function"
}

resource "aws_lambda_event_source_mapping" "products" {
  event_source_arn               = var.ids["stream"]
  function_name                  = "arn:aws:lambda:${local.region}:${var.account}:function:${local.name}-createOrder"
  starting_position              = "TRIM_HORIZON"
  batch_size                     = 10
  maximum_retry_attempts         = 3
  bisect_batch_on_function_error = true
  enabled                        = true
}

import {
  to = aws_lambda_event_source_mapping.products
  id = var.ids["event source"]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.name}-createOrder-errors"
  alarm_description   = "Errors of stack ${var.stack} env dev: 1 failed calls or more in 5 minutes"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = "${local.name}-createOrder" }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  actions_enabled     = true
  tags                = merge(local.tags, { "shopstack:id" = "createOrder-errors" })
}

import {
  to = aws_cloudwatch_metric_alarm.errors
  id = "${local.name}-createOrder-errors"
}

resource "aws_api_gateway_authorizer" "staff" {
  rest_api_id                      = local.api
  name                             = "${local.name}-staff"
  type                             = "TOKEN"
  identity_source                  = "method.request.header.Authorization"
  authorizer_result_ttl_in_seconds = 60
  authorizer_uri = join("", [
    "arn:aws:apigateway:${local.region}:lambda:path/2015-03-31/functions/",
    "arn:aws:lambda:${local.region}:${var.account}:function:${local.name}-listProducts/invocations",
  ])
}

import {
  to = aws_api_gateway_authorizer.staff
  id = "${local.api}/${var.ids["authorizer"]}"
}
