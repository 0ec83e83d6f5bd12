# Functions, each with its role, its log group and the API's right to call it.

locals {
  functions = {
    listProducts = {
      environment = {
        PRODUCTS_TABLE = "${local.name}-Products"
        CORS_ORIGINS   = local.site
        CURRENCY       = "USD"
        CACHE_SECONDS  = "30"
        SMOKE_SECRET   = "known"
      }
      grants = [
        { sid = "TableProducts", actions = ["dynamodb:Scan"], table = "Products" },
      ]
      route = "GET /products"
    }
    createOrder = {
      environment = {
        PRODUCTS_TABLE = "${local.name}-Products"
        ORDERS_TABLE   = "${local.name}-Orders"
        CORS_ORIGINS   = local.site
        CURRENCY       = "USD"
        SMOKE_SECRET   = "known"
      }
      grants = [
        { sid = "TableProducts", actions = ["dynamodb:BatchGetItem"], table = "Products" },
        {
          sid = "TableProducts2", actions = ["dynamodb:UpdateItem"], table = "Products"
          condition = {
            "ForAllValues:StringEquals" = { "dynamodb:Attributes" = ["productId", "stock"] }
            StringEqualsIfExists        = { "dynamodb:ReturnValues" = ["NONE", "UPDATED_NEW", "UPDATED_OLD"] }
          }
        },
        { sid = "TableOrders", actions = ["dynamodb:PutItem"], table = "Orders" },
        {
          sid = "TableOrders2", actions = ["dynamodb:GetItem"], table = "Orders"
          condition = {
            "ForAllValues:StringEquals" = {
              "dynamodb:Attributes" = ["currency", "delivery", "items", "orderId", "total", "userId"]
            }
            StringEqualsIfExists = { "dynamodb:Select" = "SPECIFIC_ATTRIBUTES" }
          }
        },
      ]
      route = "POST /orders"
    }
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/${local.name}-${each.key}"
  retention_in_days = 365
  tags              = merge(local.tags, { "shopstack:id" = each.key })
  # Terraform's own: read from no API.
  lifecycle { ignore_changes = [skip_destroy] }
}

import {
  for_each = local.functions
  to       = aws_cloudwatch_log_group.function[each.key]
  id       = "/aws/lambda/${local.name}-${each.key}"
}

resource "aws_iam_role" "function" {
  for_each             = local.functions
  name                 = "${local.name}-${each.key}"
  path                 = "/shopstack/${var.stack}/dev/"
  description          = "What the function ${local.name}-${each.key} may do, and nothing else"
  max_session_duration = 3600
  tags                 = merge(local.tags, { "shopstack:id" = each.key })
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LambdaOnly"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account } }
    }]
  })
  lifecycle { ignore_changes = [force_detach_policies] }
}

import {
  for_each = local.functions
  to       = aws_iam_role.function[each.key]
  id       = "${local.name}-${each.key}"
}

resource "aws_iam_role_policy" "grants" {
  for_each = local.functions
  name     = "grants"
  role     = "${local.name}-${each.key}"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "OwnLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:${local.region}:${var.account}:log-group:/aws/lambda/${local.name}-${each.key}:*"
      }],
      [for grant in each.value.grants : {
        for key, value in {
          Sid       = grant.sid
          Effect    = "Allow"
          Action    = grant.actions
          Resource  = "arn:aws:dynamodb:${local.region}:${var.account}:table/${local.name}-${grant.table}"
          Condition = try(grant.condition, null)
        } : key => value if value != null
      }],
    )
  })
}

import {
  for_each = local.functions
  to       = aws_iam_role_policy.grants[each.key]
  id       = "${local.name}-${each.key}:grants"
}

# No further inline policy, and no managed one.
resource "aws_iam_role_policies_exclusive" "function" {
  for_each     = local.functions
  role_name    = "${local.name}-${each.key}"
  policy_names = ["grants"]
}

import {
  for_each = local.functions
  to       = aws_iam_role_policies_exclusive.function[each.key]
  id       = "${local.name}-${each.key}"
}

resource "aws_iam_role_policy_attachments_exclusive" "function" {
  for_each    = local.functions
  role_name   = "${local.name}-${each.key}"
  policy_arns = []
}

import {
  for_each = local.functions
  to       = aws_iam_role_policy_attachments_exclusive.function[each.key]
  id       = "${local.name}-${each.key}"
}

resource "aws_lambda_function" "function" {
  for_each      = local.functions
  function_name = "${local.name}-${each.key}"
  role          = "arn:aws:iam::${var.account}:role/shopstack/${var.stack}/dev/${local.name}-${each.key}"
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = ["x86_64"]
  memory_size   = 256
  timeout       = 10
  package_type  = "Zip"
  filename      = "unread.zip"
  tags          = merge(local.tags, { "shopstack:id" = each.key, "shopstack:role-id" = var.ids["role ${each.key}"] })
  environment { variables = each.value.environment }
  lifecycle {
    ignore_changes = [filename, publish, skip_destroy]
    postcondition {
      condition     = self.code_sha256 == var.code[each.key]
      error_message = "The code of ${each.key} is another: ${self.code_sha256}."
    }
  }
}

import {
  for_each = local.functions
  to       = aws_lambda_function.function[each.key]
  id       = "${local.name}-${each.key}"
}

resource "aws_lambda_permission" "api" {
  for_each      = local.functions
  statement_id  = local.statement_ids[each.key]
  action        = "lambda:InvokeFunction"
  function_name = "${local.name}-${each.key}"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "arn:aws:execute-api:${local.region}:${var.account}:${local.api}/v1/${replace(each.value.route, " ", "")}"
}

import {
  for_each = local.functions
  to       = aws_lambda_permission.api[each.key]
  id       = "${local.name}-${each.key}/${local.statement_ids[each.key]}"
}

locals {
  # `GET /products` as `GET--products`, and what keeps `/a/{b}` and `/a/b` apart.
  statement_ids = {
    for name, function in local.functions :
    name => "${replace(function.route, "/[^A-Za-z0-9]/", "-")}-${substr(sha256(function.route), 0, 8)}"
  }
}
