output "task_role_arn" {
  description = "The role that reads AWS: the buckets and keys of the states have to let it in."
  value       = aws_iam_role.task.arn
}

output "task_definition_arn" {
  description = "The task, to run it by hand."
  value       = aws_ecs_task_definition.this.arn
}

output "log_group_name" {
  description = "Where its findings and messages are."
  value       = aws_cloudwatch_log_group.this.name
}

output "not_started_queue_name" {
  description = "Starts that failed wait here: an alarm on its ApproximateNumberOfMessagesVisible tells of them."
  value       = aws_sqs_queue.not_started.name
}
