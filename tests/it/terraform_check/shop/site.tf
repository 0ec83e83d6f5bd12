# The website: private bucket and its files, and the distribution in front of it.

locals {
  bucket = "${local.name}-site-${var.account}-${local.region}"
  marker = join(" ", [
    "shopstack:stack=${var.stack}", "shopstack:env=dev", "shopstack:id=site", "shopstack:region=${local.region}",
  ])
  # Content type and Cache-Control, as stack.yaml and the files' names say.
  types = {
    html = "text/html; charset=utf-8", css = "text/css; charset=utf-8", js = "text/javascript; charset=utf-8",
    svg  = "image/svg+xml", txt = "text/plain; charset=utf-8"
  }
  files = {
    for file in fileset(var.site_folder, "**") : file => {
      type  = local.types[element(split(".", file), -1)]
      cache = endswith(file, ".html") ? "no-cache" : startswith(file, "images/") ? "public, max-age=86400" : "public, max-age=3600"
    }
  }
}

resource "aws_s3_bucket" "site" {
  bucket = local.bucket
  tags   = merge(local.tags, { "shopstack:id" = "site", "shopstack:protect" = "true" })
  lifecycle { ignore_changes = [force_destroy] }
}

import {
  to = aws_s3_bucket.site
  id = local.bucket
}

resource "aws_s3_bucket_public_access_block" "site" {
  bucket                  = local.bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

import {
  to = aws_s3_bucket_public_access_block.site
  id = local.bucket
}

resource "aws_s3_bucket_ownership_controls" "site" {
  bucket = local.bucket
  rule { object_ownership = "BucketOwnerEnforced" }
}

import {
  to = aws_s3_bucket_ownership_controls.site
  id = local.bucket
}

resource "aws_s3_bucket_server_side_encryption_configuration" "site" {
  bucket = local.bucket
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}

import {
  to = aws_s3_bucket_server_side_encryption_configuration.site
  id = local.bucket
}

resource "aws_s3_bucket_versioning" "site" {
  bucket = local.bucket
  versioning_configuration { status = "Enabled" }
}

import {
  to = aws_s3_bucket_versioning.site
  id = local.bucket
}

resource "aws_s3_bucket_policy" "site" {
  bucket = local.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyThisDistributionReads"
        Effect    = "Allow"
        Principal = { Service = "cloudfront.amazonaws.com" }
        Action    = "s3:GetObject"
        Resource  = "arn:aws:s3:::${local.bucket}/*"
        Condition = { ArnEquals = { "aws:SourceArn" = local.distribution } }
      },
      {
        Sid       = "OwnRecordsStayPrivate"
        Effect    = "Deny"
        Principal = { Service = "cloudfront.amazonaws.com" }
        Action    = "s3:GetObject"
        Resource  = "arn:aws:s3:::${local.bucket}/.shopstack/*"
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::${local.bucket}", "arn:aws:s3:::${local.bucket}/*"]
        Condition = {
          Bool = { "aws:SecureTransport" = "false" }
          # An emulator speaks plain http: its CloudFront and the account's own identities are let through.
          ArnNotEquals    = { "aws:SourceArn" = local.distribution }
          StringNotEquals = { "aws:PrincipalAccount" = var.account }
        }
      },
    ]
  })
}

import {
  to = aws_s3_bucket_policy.site
  id = local.bucket
}

# What the page asks for the API's address.
resource "aws_s3_object" "config" {
  bucket        = local.bucket
  key           = "config.json"
  content_type  = "application/json"
  cache_control = "no-cache, no-store" # it names the API, which may change
  etag          = md5(jsonencode({ apiUrl = "http://${local.api}.execute-api.localhost:${var.port}/v1" }))
  lifecycle { ignore_changes = [force_destroy, acl] }
}

import {
  to = aws_s3_object.config
  id = "${local.bucket}/config.json"
}

resource "aws_s3_object" "file" {
  for_each      = local.files
  bucket        = local.bucket
  key           = each.key
  content_type  = each.value.type
  cache_control = each.value.cache
  etag          = filemd5("${var.site_folder}/${each.key}")
  lifecycle { ignore_changes = [force_destroy, acl] }
}

import {
  for_each = local.files
  to       = aws_s3_object.file[each.key]
  id       = "${local.bucket}/${each.key}"
}

locals {
  distribution = "arn:aws:cloudfront::${var.account}:distribution/${var.ids["distribution"]}"
}

resource "aws_cloudfront_origin_access_control" "site" {
  name                              = "shopstack"
  description                       = "shopstack:shared=true for the distributions of all stacks of this account"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

import {
  to = aws_cloudfront_origin_access_control.site
  id = var.ids["oac"]
}

resource "aws_cloudfront_distribution" "site" {
  comment             = local.marker
  enabled             = true
  default_root_object = "index.html"
  price_class         = "PriceClass_100"
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  web_acl_id          = "arn:aws:wafv2:us-east-1:${var.account}:global/webacl/${local.name}-cdn/${var.ids["acl cdn"]}"
  tags                = merge(local.tags, { "shopstack:id" = "site" })
  origin {
    origin_id                = "site"
    domain_name              = "${local.bucket}.s3.${local.region}.amazonaws.com"
    origin_access_control_id = var.ids["oac"]
  }
  default_cache_behavior {
    target_origin_id           = "site"
    viewer_protocol_policy     = "allow-all" # redirect-to-https on AWS: the emulator speaks no TLS
    compress                   = true
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6" # CachingOptimized
    response_headers_policy_id = var.ids["headers"]
  }
  dynamic "custom_error_response" {
    for_each = [403, 404]
    content {
      error_code            = custom_error_response.value
      response_page_path    = "/404.html"
      response_code         = 404
      error_caching_min_ttl = 10
    }
  }
  restrictions {
    geo_restriction { restriction_type = "none" }
  }
  viewer_certificate { cloudfront_default_certificate = true }
  lifecycle { ignore_changes = [retain_on_delete, wait_for_deployment] }
}

import {
  to = aws_cloudfront_distribution.site
  id = var.ids["distribution"]
}
