# What MiniStack answers for itself and not for what it was told. The rest of each of these resources is judged.

# Names the verb of the integration behind it for a MOCK, which has none; moto is asked for that.
resource "aws_api_gateway_integration" "preflight" {
  lifecycle { ignore_changes = [integration_http_method] }
}

# Leaves out the oldest TLS of CloudFront's own certificate, which cannot be chosen.
resource "aws_cloudfront_distribution" "site" {
  lifecycle { ignore_changes = [viewer_certificate, retain_on_delete, wait_for_deployment] }
}

# Answers empty sections for those that the policy does not have.
resource "aws_cloudfront_response_headers_policy" "site" {
  lifecycle { ignore_changes = [remove_headers_config, custom_headers_config] }
}
