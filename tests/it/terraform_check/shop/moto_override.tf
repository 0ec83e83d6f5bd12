# What moto answers for itself and not for what it was told.

# Knows no timeout of a MOCK.
resource "aws_api_gateway_integration" "preflight" {
  lifecycle { ignore_changes = [timeout_milliseconds] }
}
