# METADATA
# title: Databases name their owner
# description: |
#   A database that nobody owns is patched by nobody, and in an incident nobody knows whom to call. The tag `Owner` names
#   the team.
# custom:
#   id: ACME-01
#   alias: database-owner
#   severity: medium
#   component: iac
#   category: iac
#   effort: small
#   type: aws_db_instance
#   attributes: [tags_all]
#   fix: |
#     **Console**: RDS → Databases → the database → Tags → Manage tags: add `Owner` with the name of the team.
#
#     **CLI**:
#
#     ```sh
#     aws rds add-tags-to-resource --resource-name DATABASE_ARN --tags Key=Owner,Value=TEAM
#     ```
#
#     **Terraform**:
#
#     ```hcl
#     resource "aws_db_instance" "orders" {
#       # …
#       tags = {
#         Owner = "TEAM"
#       }
#     }
#     ```
package stateward.database_owner

import rego.v1

# What is neither a name nor missing is not decided here, and so it is unknown.
pass if trim_space(input.attributes.tags_all.Owner) != ""

deny contains "it has no tag Owner" if not "Owner" in object.keys(input.attributes.tags_all)

deny contains "its tag Owner is empty" if trim_space(input.attributes.tags_all.Owner) == ""
