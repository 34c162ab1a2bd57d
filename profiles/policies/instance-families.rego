# METADATA
# title: Production runs on approved instance families
# description: |
#   Reserved capacity and savings plans are bought for these families. Whatever runs on others is paid at the full price.
# custom:
#   id: ACME-02
#   alias: instance-families
#   severity: low
#   component: cloud
#   category: cost
#   effort: medium
#   type: aws_instance
#   attributes: [instance_type, tags_all]
#   fix: |
#     **Console**: EC2 → Instances → stop the instance → Actions → Instance settings → Change instance type.
#
#     **CLI**, with the instance stopped:
#
#     ```sh
#     aws ec2 modify-instance-attribute --instance-id INSTANCE --instance-type Value=t3.large
#     ```
#
#     **Terraform**:
#
#     ```hcl
#     resource "aws_instance" "worker" {
#       # …
#       instance_type = "t3.large"
#     }
#     ```
package stateward.instance_families

import rego.v1

approved := {"t3", "t4g", "m7g", "c7g", "r7g"}

family := split(input.attributes.instance_type, ".")[0]

environment := lower(object.get(input.attributes.tags_all, "Environment", ""))

not_applicable contains sprintf("it belongs to %s", [environment]) if environment in {"dev", "test", "staging"}

pass if family in approved

deny contains message if {
	not family in approved
	message := sprintf("%s is of family %s; approved are %s", [
		input.attributes.instance_type,
		family,
		concat(", ", sort(approved)),
	])
}
