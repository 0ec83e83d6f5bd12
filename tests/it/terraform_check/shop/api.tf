# The REST API: paths, methods, integrations, preflight and 405 answers, gateway responses, deployment and stage.

locals {
  routes = {
    "/products" = { verb = "GET", function = "listProducts" }
    "/orders"   = { verb = "POST", function = "createOrder" }
  }
  cors = {
    "Access-Control-Allow-Origin"  = { for path in keys(local.routes) : path => local.site }
    "Access-Control-Allow-Methods" = { for path, route in local.routes : path => join(",", sort(["OPTIONS", route.verb])) }
    "Access-Control-Allow-Headers" = { for path in keys(local.routes) : path => "Authorization,Content-Type,Idempotency-Key" }
    "Access-Control-Max-Age"       = { for path in keys(local.routes) : path => "600" }
  }
  not_allowed = {
    "Access-Control-Allow-Origin" = { for path in keys(local.routes) : path => local.site }
    "Allow"                       = { for path, route in local.routes : path => join(", ", sort(["OPTIONS", route.verb])) }
  }
}

resource "aws_api_gateway_rest_api" "api" {
  name                         = "${local.name}-api"
  description                  = "API of stack ${var.stack}, env dev"
  api_key_source               = "HEADER"
  disable_execute_api_endpoint = false
  binary_media_types           = []
  minimum_compression_size     = "1024"
  tags                         = merge(local.tags, { "shopstack:id" = "api" })
  endpoint_configuration { types = ["REGIONAL"] }
}

import {
  to = aws_api_gateway_rest_api.api
  id = local.api
}

resource "aws_api_gateway_resource" "path" {
  for_each    = local.routes
  rest_api_id = local.api
  parent_id   = var.ids["path /"]
  path_part   = trimprefix(each.key, "/")
}

import {
  for_each = local.routes
  to       = aws_api_gateway_resource.path[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}"
}

resource "aws_api_gateway_method" "route" {
  for_each         = local.routes
  rest_api_id      = local.api
  resource_id      = var.ids["path ${each.key}"]
  http_method      = each.value.verb
  authorization    = "NONE"
  api_key_required = false
}

import {
  for_each = local.routes
  to       = aws_api_gateway_method.route[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/${each.value.verb}"
}

resource "aws_api_gateway_integration" "route" {
  for_each                = local.routes
  rest_api_id             = local.api
  resource_id             = var.ids["path ${each.key}"]
  http_method             = each.value.verb
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  timeout_milliseconds    = 29000
  uri = join("", [
    "arn:aws:apigateway:${local.region}:lambda:path/2015-03-31/functions/",
    "arn:aws:lambda:${local.region}:${var.account}:function:${local.name}-${each.value.function}/invocations",
  ])
}

import {
  for_each = local.routes
  to       = aws_api_gateway_integration.route[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/${each.value.verb}"
}

resource "aws_api_gateway_method" "preflight" {
  for_each         = local.routes
  rest_api_id      = local.api
  resource_id      = var.ids["path ${each.key}"]
  http_method      = "OPTIONS"
  authorization    = "NONE"
  api_key_required = false
}

import {
  for_each = local.routes
  to       = aws_api_gateway_method.preflight[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/OPTIONS"
}

resource "aws_api_gateway_integration" "preflight" {
  for_each          = local.routes
  rest_api_id       = local.api
  resource_id       = var.ids["path ${each.key}"]
  http_method       = "OPTIONS"
  type              = "MOCK"
  request_templates = { "application/json" = "{\"statusCode\": 204}" }
}

import {
  for_each = local.routes
  to       = aws_api_gateway_integration.preflight[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/OPTIONS"
}

resource "aws_api_gateway_method_response" "preflight" {
  for_each            = local.routes
  rest_api_id         = local.api
  resource_id         = var.ids["path ${each.key}"]
  http_method         = "OPTIONS"
  status_code         = "204"
  response_parameters = { for header in keys(local.cors) : "method.response.header.${header}" => false }
}

import {
  for_each = local.routes
  to       = aws_api_gateway_method_response.preflight[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/OPTIONS/204"
}

resource "aws_api_gateway_integration_response" "preflight" {
  for_each    = local.routes
  rest_api_id = local.api
  resource_id = var.ids["path ${each.key}"]
  http_method = "OPTIONS"
  status_code = "204"
  response_parameters = {
    for header, value in local.cors : "method.response.header.${header}" => "'${value[each.key]}'"
  }
}

import {
  for_each = local.routes
  to       = aws_api_gateway_integration_response.preflight[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/OPTIONS/204"
}

resource "aws_api_gateway_method" "not_allowed" {
  for_each         = local.routes
  rest_api_id      = local.api
  resource_id      = var.ids["path ${each.key}"]
  http_method      = "ANY"
  authorization    = "NONE"
  api_key_required = false
}

import {
  for_each = local.routes
  to       = aws_api_gateway_method.not_allowed[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/ANY"
}

resource "aws_api_gateway_integration" "not_allowed" {
  for_each             = local.routes
  rest_api_id          = local.api
  resource_id          = var.ids["path ${each.key}"]
  http_method          = "ANY"
  type                 = "MOCK"
  passthrough_behavior = "NEVER"
  request_templates = {
    for kind in ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"] :
    kind => "{\"statusCode\": 405}"
  }
}

import {
  for_each = local.routes
  to       = aws_api_gateway_integration.not_allowed[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/ANY"
}

resource "aws_api_gateway_method_response" "not_allowed" {
  for_each            = local.routes
  rest_api_id         = local.api
  resource_id         = var.ids["path ${each.key}"]
  http_method         = "ANY"
  status_code         = "405"
  response_parameters = { for header in keys(local.not_allowed) : "method.response.header.${header}" => false }
}

import {
  for_each = local.routes
  to       = aws_api_gateway_method_response.not_allowed[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/ANY/405"
}

resource "aws_api_gateway_integration_response" "not_allowed" {
  for_each    = local.routes
  rest_api_id = local.api
  resource_id = var.ids["path ${each.key}"]
  http_method = "ANY"
  status_code = "405"
  response_templates = {
    "application/json" = jsonencode({ error = { code = "MethodNotAllowed", message = "This address does not take that method." } })
  }
  response_parameters = {
    for header, value in local.not_allowed : "method.response.header.${header}" => "'${value[each.key]}'"
  }
}

import {
  for_each = local.routes
  to       = aws_api_gateway_integration_response.not_allowed[each.key]
  id       = "${local.api}/${var.ids["path ${each.key}"]}/ANY/405"
}

locals {
  answers = {
    DEFAULT_4XX                  = { status = null, code = "Refused", message = "The request was refused." }
    DEFAULT_5XX                  = { status = null, code = "InternalError", message = "Something went wrong on our side; try again." }
    MISSING_AUTHENTICATION_TOKEN = { status = "404", code = "NotFound", message = "There is nothing at this address." }
    WAF_FILTERED                 = { status = "403", code = "Forbidden", message = "The firewall refused this." }
    THROTTLED                    = { status = "429", code = "TooManyRequests", message = "Too many requests; try again a little later." }
    REQUEST_TOO_LARGE            = { status = "413", code = "PayloadTooLarge", message = "The request is too large." }
    UNSUPPORTED_MEDIA_TYPE       = { status = "415", code = "UnsupportedMediaType", message = "Only JSON is read." }
    INTEGRATION_TIMEOUT          = { status = "504", code = "Timeout", message = "The answer took too long." }
  }
}

resource "aws_api_gateway_gateway_response" "cors" {
  for_each      = local.answers
  rest_api_id   = local.api
  response_type = each.key
  status_code   = each.value.status
  response_parameters = merge(
    { "gatewayresponse.header.Access-Control-Allow-Origin" = "'${local.site}'" },
    each.key == "THROTTLED" ? { "gatewayresponse.header.Retry-After" = "'1'" } : {},
  )
  response_templates = {
    "application/json" = "{\"error\":{\"code\":\"${each.value.code}\",\"message\":\"${each.value.message}\"}}"
  }
}

import {
  for_each = local.answers
  to       = aws_api_gateway_gateway_response.cors[each.key]
  id       = "${local.api}/${each.key}"
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/apigateway/${local.name}-api"
  retention_in_days = 365
  tags              = merge(local.tags, { "shopstack:id" = "api" })
  lifecycle { ignore_changes = [skip_destroy] }
}

import {
  to = aws_cloudwatch_log_group.api
  id = "/aws/apigateway/${local.name}-api"
}

resource "aws_api_gateway_stage" "stage" {
  rest_api_id           = local.api
  stage_name            = "v1"
  deployment_id         = var.ids["deployment"]
  xray_tracing_enabled  = false
  cache_cluster_enabled = false
  tags                  = merge(local.tags, { "shopstack:id" = "stage" })
  access_log_settings {
    destination_arn = "arn:aws:logs:${local.region}:${var.account}:log-group:/aws/apigateway/${local.name}-api"
    # In this order, and none that holds a body, a header or a token.
    format = join("", ["{", join(",", [
      "\"requestId\":\"$context.requestId\"",
      "\"time\":\"$context.requestTimeEpoch\"",
      "\"ip\":\"$context.identity.sourceIp\"",
      "\"method\":\"$context.httpMethod\"",
      "\"path\":\"$context.path\"",
      "\"status\":\"$context.status\"",
      "\"ms\":\"$context.responseLatency\"",
      "\"bytes\":\"$context.responseLength\"",
      "\"integrationStatus\":\"$context.integrationStatus\"",
      "\"waf\":\"$context.wafResponseCode\"",
    ]), "}"])
  }
}

import {
  to = aws_api_gateway_stage.stage
  id = "${local.api}/v1"
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = local.api
  stage_name  = "v1"
  method_path = "*/*"
  settings {
    throttling_rate_limit  = 50
    throttling_burst_limit = 100
    metrics_enabled        = true
    logging_level          = "OFF"
    data_trace_enabled     = false
    caching_enabled        = false
  }
}

import {
  to = aws_api_gateway_method_settings.all
  id = "${local.api}/v1/*/*"
}
