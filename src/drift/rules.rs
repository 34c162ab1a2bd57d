//! The catalogue of the rules by which differences are no drift, or drift of another class (drift.md §4).

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The number under which results count it.
    pub id: &'static str,
    /// What it is about.
    pub scope: &'static str,
    /// What it says.
    pub sentence: &'static str,
}

const fn rule(id: &'static str, scope: &'static str, sentence: &'static str) -> Rule {
    Rule { id, scope, sentence }
}

/// All rules, by number.
pub const CATALOGUE: &[Rule] = &[
    rule("N1", "Lists without an order", "Equal as multisets; an element that came or went is named."),
    rule("N2", "JSON in strings", "Equal by content; IAM-like policies by meaning."),
    rule(
        "N3",
        "Deleted principals",
        "A unique id (`AROA…`) in the place of an ARN is a change that tightens, with an explanation.",
    ),
    rule(
        "N4",
        "Defaults",
        "Null, absent, empty and a server's default are equal only where the attribute says so.",
    ),
    rule("N5", "Computed and volatile attributes", "Not compared, each with its reason."),
    rule(
        "N6",
        "Tags",
        "Compared with all tags; keys of AWS, of controllers and of `drift.ignore_tags` do not count. Tag blocks of a scaling group are a map with their flag.",
    ),
    rule("N7", "Name prefixes", "The whole name is compared, the prefix is not."),
    rule(
        "N8",
        "Sensitive values",
        "Compared by keyed digest, never shown; what the API never returns is not compared.",
    ),
    rule(
        "N9",
        "Buckets inline and in separate resources",
        "One virtual bucket. Both forms for one block are a conflict, where the state can tell (provider 3).",
    ),
    rule(
        "N10",
        "Rules of security groups",
        "Atoms of direction, protocol, ports and one source, whoever declares them. An inline list alone claims to be whole.",
    ),
    rule(
        "N11",
        "Routes and entries of network ACLs",
        "Atoms; local and propagated routes, routes of gateway endpoints and the last entry are left out.",
    ),
    rule(
        "N12",
        "Policies of principals",
        "Atoms of principal and policy. An extra one is a change only where something claims them all; otherwise it is an unmanaged part.",
    ),
    rule(
        "N13",
        "Sizes of scaling groups, services and tables",
        "Owned by a scaling policy, a schedule of sizes, a cluster's autoscaler or a target of Application Auto Scaling, where there is one.",
    ),
    rule(
        "N14",
        "Revisions of ECS task definitions",
        "A later revision of the same family is owned by the pipeline, where a role of `drift.pipeline_roles` registered it. A revision itself never changes.",
    ),
    rule(
        "N15",
        "Code of Lambda functions, layers",
        "Compared by the hash of package or image, and by the version of the layer; owned by the pipeline, where CloudTrail tells that a role of `drift.pipeline_roles` published it.",
    ),
    rule(
        "N16",
        "Engine versions",
        "A later minor version is owned by AWS where upgrades are automatic; the declared version may be a prefix of the live one.",
    ),
    rule("N17", "Default networks", "Excluded from unmanaged, unless adopted through `aws_default_*`."),
    rule(
        "N18",
        "Objects of AWS and of its services",
        "Excluded from unmanaged: service-linked roles, AWS-managed keys, interfaces in use, log groups of services, default groups.",
    ),
    rule(
        "N19",
        "Children of managed parents",
        "Excluded from unmanaged: members of a scaling group, volumes of instances, automated snapshots.",
    ),
    rule(
        "N20",
        "Objects that Kubernetes made",
        "Excluded from unmanaged by the tags of its controllers (owner=kubernetes).",
    ),
    rule(
        "N21",
        "Route 53",
        "Names by meaning, TXT values however they are cut; NS and SOA of a zone's apex are excluded.",
    ),
    rule(
        "N22",
        "Addresses, times, words",
        "Networks and addresses in one form, schedules without extra spaces, numbers as numbers, words without case where the attribute says so.",
    ),
    rule(
        "N23",
        "References",
        "A name or id equals the ARN that ends with it, an alias of a key the key that it points to.",
    ),
    rule(
        "N24",
        "Things that say nothing",
        "A public access block with all flags off, a policy without statements and the default policy of a queue or topic equal none.",
    ),
    rule(
        "N25",
        "Volumes of instances",
        "Atoms of device and volume, of the instance's blocks and of attachments; each is held to what it says.",
    ),
    rule(
        "N26",
        "Databases",
        "Storage that grew within its limit, and what is pending for the next maintenance window, are owned by AWS.",
    ),
    rule("N27", "Renamed types", "A deprecated type name is the type that took its place."),
    rule(
        "N28",
        "Eventual consistency",
        "What was touched within 15 minutes is read again before it is called drift; what is being deleted is excluded.",
    ),
    rule(
        "N29",
        "`ignore_changes`",
        "Honoured per address and path where the configuration or a plan is given; labelled `ignored-by-config`.",
    ),
    rule("N30", "Perpetual differences", "Told by two audits with the same values."),
    rule(
        "N31",
        "Schema versions",
        "Renamed attributes are known by both names; what differs under a newer schema than is known is unknown.",
    ),
    rule(
        "N32",
        "Global services and the region argument",
        "Global resources have the region `global`, whatever their provider has.",
    ),
];

/// The rule of a number.
pub fn find(id: &str) -> Option<&'static Rule> {
    CATALOGUE.iter().find(|rule| rule.id == id)
}

/// The catalogue as a Markdown table.
pub fn table() -> String {
    let mut table = String::from("| Rule | About | What it says |\n|---|---|---|\n");
    for Rule { id, scope, sentence } in CATALOGUE {
        table.push_str(&format!("| {id} | {scope} | {sentence} |\n"));
    }
    table
}
