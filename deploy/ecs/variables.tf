variable "name" {
  description = "The name of everything that is made."
  type        = string
  default     = "stateward"
}

variable "image" {
  description = "The image, by digest where possible: it is deploy/container/Dockerfile, with a profile of yours in it where the command names one."
  type        = string
}

variable "command" {
  description = "What the container runs. Without a history each run stands alone, and its findings go to the log, one JSON object a line."
  type        = list(string)
  default     = ["audit", "--state", "s3://acme-tfstate/prod/terraform.tfstate", "--fail-on", "never", "--format", "jsonl"]
}

variable "policy" {
  description = "The IAM policy that the command needs, as `stateward policy --state …` prints it."
  type        = string
}

variable "schedule" {
  description = "When it runs, as EventBridge Scheduler has it."
  type        = string
  default     = "cron(0 6 * * ? *)"
}

variable "time_zone" {
  description = "The time zone of the schedule, by its IANA name."
  type        = string
  default     = "UTC"
}

variable "flexible_minutes" {
  description = "A delay of up to so many minutes; 0 for none."
  type        = number
  default     = 0
}

variable "cluster_arn" {
  description = "The ECS cluster."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets with a way to the AWS endpoints."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups that let the task out to port 443, and to the file system on port 2049 where there is one."
  type        = list(string)
}

variable "environment" {
  description = "Variables of the environment. Nothing secret: see secrets."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Variables of the environment by the ARN of the secret or parameter that holds them, like SMTP_PASSWORD."
  type        = map(string)
  default     = {}
}

variable "history_file_system_id" {
  description = "An EFS file system for /var/lib/stateward, where the history is to be. Read docs/scheduling.md#ecs first: one task at a time may open it."
  type        = string
  default     = null
}

variable "cpu" {
  description = "CPU units of the task."
  type        = number
  default     = 512
}

variable "memory" {
  description = "Memory of the task, in MiB."
  type        = number
  default     = 1024
}

variable "architecture" {
  description = "X86_64 or ARM64, as the image is."
  type        = string
  default     = "X86_64"
}

variable "log_retention_days" {
  description = "Days for which the log is kept."
  type        = number
  default     = 400
}

variable "log_kms_key_arn" {
  description = "A key for the log; none is the service's own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that takes some."
  type        = map(string)
  default     = {}
}
