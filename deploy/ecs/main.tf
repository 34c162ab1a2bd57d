# A Fargate task that EventBridge Scheduler starts: read-only root, no privileges, and a role that reads and nothing else.

data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  has_history = var.history_file_system_id != null
  folder      = "/var/lib/stateward"
  # A managed policy holds 6,144 characters, and the whole policy is longer.
  statements = chunklist(jsondecode(var.policy).Statement, 16)
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/stateward/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
  tags              = var.tags
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  container_definitions = jsonencode([{
    name                   = "stateward"
    image                  = var.image
    command                = var.command
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    # The scheduler's grace and its last words fit into it.
    stopTimeout     = 60
    linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    environment     = [for name, value in var.environment : { name = name, value = value }]
    secrets         = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
    mountPoints = concat(
      [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }],
      local.has_history ? [{ sourceVolume = "history", containerPath = local.folder, readOnly = false }] : [],
    )
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.this.name
        "awslogs-region"        = data.aws_region.current.name
        "awslogs-stream-prefix" = var.name
      }
    }
  }])

  volume {
    name = "tmp"
  }

  dynamic "volume" {
    for_each = local.has_history ? [var.history_file_system_id] : []
    content {
      name = "history"
      efs_volume_configuration {
        file_system_id     = volume.value
        transit_encryption = "ENABLED"
        authorization_config {
          access_point_id = aws_efs_access_point.history[0].id
          iam             = "ENABLED"
        }
      }
    }
  }
}

resource "aws_efs_access_point" "history" {
  count          = local.has_history ? 1 : 0
  file_system_id = var.history_file_system_id
  tags           = var.tags

  posix_user {
    uid = 65532
    gid = 65532
  }

  root_directory {
    path = "/${var.name}"
    creation_info {
      owner_uid   = 65532
      owner_gid   = 65532
      permissions = "0700"
    }
  }
}

# Starts that failed: without it nothing tells of them.
resource "aws_sqs_queue" "not_started" {
  name                      = "${var.name}-not-started"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_scheduler_schedule" "this" {
  name                         = var.name
  schedule_expression          = var.schedule
  schedule_expression_timezone = var.time_zone

  flexible_time_window {
    mode                      = var.flexible_minutes > 0 ? "FLEXIBLE" : "OFF"
    maximum_window_in_minutes = var.flexible_minutes > 0 ? var.flexible_minutes : null
  }

  target {
    arn      = var.cluster_arn
    role_arn = aws_iam_role.scheduler.arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.this.arn
      launch_type         = "FARGATE"
      task_count          = 1
      propagate_tags      = "TASK_DEFINITION"

      network_configuration {
        subnets          = var.subnet_ids
        security_groups  = var.security_group_ids
        assign_public_ip = false
      }
    }

    retry_policy {
      maximum_retry_attempts       = 2
      maximum_event_age_in_seconds = 3600
    }

    dead_letter_config {
      arn = aws_sqs_queue.not_started.arn
    }
  }
}
