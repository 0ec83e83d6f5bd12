# Tables.

resource "aws_dynamodb_table" "products" {
  name                        = "${local.name}-Products"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "productId"
  deletion_protection_enabled = true
  tags                        = merge(local.tags, { "shopstack:id" = "Products", "shopstack:seed" = var.seed })
  attribute {
    name = "productId"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
}

resource "aws_dynamodb_table" "orders" {
  name                        = "${local.name}-Orders"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "orderId"
  deletion_protection_enabled = true
  tags                        = merge(local.tags, { "shopstack:id" = "Orders" })
  attribute {
    name = "orderId"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
}

import {
  to = aws_dynamodb_table.products
  id = "${local.name}-Products"
}

import {
  to = aws_dynamodb_table.orders
  id = "${local.name}-Orders"
}
