# METADATA
# title: Databases listen to the corporate network alone
# description: |
#   The corporate network is 10.0.0.0/8. A rule that admits any other range to a database port, even a private one, opens
#   the data to networks of partners and of acquired companies.
# custom:
#   id: ACME-03
#   alias: database-ranges
#   severity: high
#   component: network
#   category: exposure
#   effort: small
#   type: aws_security_group
#   attributes: [ingress]
#   fix: |
#     **Console**: VPC → Security groups → the group → Inbound rules → Edit: narrow the source to a range within 10.0.0.0/8.
#
#     **CLI**:
#
#     ```sh
#     aws ec2 revoke-security-group-ingress --group-id GROUP --protocol tcp --port 5432 --cidr RANGE
#     ```
#
#     **Terraform**:
#
#     ```hcl
#     resource "aws_vpc_security_group_ingress_rule" "database" {
#       security_group_id = aws_security_group.database.id
#       cidr_ipv4         = "10.20.0.0/16"
#       ip_protocol       = "tcp"
#       from_port         = 5432
#       to_port           = 5432
#     }
#     ```
package stateward.corporate_ranges

import rego.v1

corporate := "10.0.0.0/8"

databases := {1433, 1521, 3306, 5432, 6379, 27017}

# Rules that reach a database, each with its port.
reaching contains [rule, port] if {
	some rule in input.attributes.ingress
	some port in databases
	reaches(rule, port)
}

reaches(rule, _) if rule.protocol == "-1"

reaches(rule, port) if {
	rule.protocol == "tcp"
	rule.from_port <= port
	rule.to_port >= port
}

not_applicable contains "no rule reaches a database port" if {
	is_array(input.attributes.ingress)
	count(reaching) == 0
}

deny contains sprintf("%s may reach port %d", [range, port]) if {
	some [rule, port] in reaching
	some range in rule.cidr_blocks
	not net.cidr_contains(corporate, range)
}

# The corporate network has no IPv6.
deny contains sprintf("%s may reach port %d", [range, port]) if {
	some [rule, port] in reaching
	some range in rule.ipv6_cidr_blocks
}

pass if {
	is_array(input.attributes.ingress)
	count(deny) == 0
}
