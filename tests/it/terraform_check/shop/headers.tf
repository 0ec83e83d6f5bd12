# What browsers are told beside the files.

resource "aws_cloudfront_response_headers_policy" "site" {
  name    = "${local.name}-site"
  comment = local.marker
  security_headers_config {
    content_security_policy {
      override = true
      content_security_policy = join("; ", [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
        "media-src 'self'", "font-src 'self'",
        "manifest-src 'self'", "connect-src 'self' http://${local.api}.execute-api.localhost:${var.port}",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
      ])
    }
    content_type_options { override = true }
    frame_options {
      override     = true
      frame_option = "DENY"
    }
    referrer_policy {
      override        = true
      referrer_policy = "no-referrer"
    }
    strict_transport_security {
      override                   = true
      access_control_max_age_sec = 31536000
      include_subdomains         = true
      preload                    = false
    }
  }
}

import {
  to = aws_cloudfront_response_headers_policy.site
  id = var.ids["headers"]
}
