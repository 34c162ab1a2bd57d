terraform {
  backend "s3" {
    bucket = "acme-tfstate"
    assume_role = { role_arn = "arn:aws:iam::123456789012:role/x" }
  }
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}
variable "n" { default = 2 }
locals {
  zones = concat(["a"], var.n > 1 ? ["b"] : [])
  tags  = merge({ Name = "x-${var.n}" }, { "k" = true })
}
resource "aws_instance" "a" {
  for_each = toset(local.zones)
  dynamic "ebs_block_device" {
    for_each = range(3)
    content { device_name = ebs_block_device.value }
  }
  user_data = <<-EOT
    %{ if true }x${each.key}%{ endif }
  EOT
  lifecycle {
    ignore_changes = [ami, tags["Role"], root_block_device[0].volume_size, "tags.%"]
  }
}
module "m" {
  source = "./m"
  count  = length(keys(local.tags))
}
