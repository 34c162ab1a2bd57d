//! What roles of one environment may do in another.

use std::collections::BTreeMap;

use stateward_model::kinds::common::{ARN, TAGS, TAGS_ALL};
use stateward_model::kinds::ec2::compute::instance;
use stateward_model::kinds::iam::{managed_policy, role};
use stateward_model::kinds::rds::{cluster, db_instance};
use stateward_model::policy::{Condition, Principal, Statement, matches};
use stateward_model::{Cause, Gap, Kind, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::facts::{arn_account, arn_of, known_tags, not_in_state};
use crate::checks::{policy_of, told};
use crate::inventory::Side;

const DETAILS: &str = "iam:GetAccountAuthorizationDetails";

pub const ENV_07: Check = Check {
    id: "ENV-07",
    alias: "roles-stay-in-environment",
    title: "Environment roles cannot cross",
    component: "multienv",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Medium,
    subject: Subject::Each(&role::KIND, stays_in_environment),
    reads: &[
        Reads {
            kind: &role::KIND,
            attributes: &[
                ARN.any(),
                TAGS.any(),
                TAGS_ALL.any(),
                role::ASSUME_ROLE_POLICY.any(),
                role::INLINE_POLICY.any(),
                role::MANAGED_POLICY_ARNS.any(),
                role::PERMISSIONS_BOUNDARY.any(),
            ],
        },
        Reads { kind: &managed_policy::KIND, attributes: &[ARN.any(), managed_policy::DOCUMENT.any()] },
        Reads { kind: &db_instance::KIND, attributes: &[ARN.any(), TAGS.any(), TAGS_ALL.any()] },
        Reads { kind: &cluster::KIND, attributes: &[ARN.any(), TAGS.any(), TAGS_ALL.any()] },
        Reads { kind: &instance::KIND, attributes: &[ARN.any(), TAGS.any(), TAGS_ALL.any()] },
    ],
    page: include_str!("../../../docs/checks/ENV-07.md"),
};

const ASSUME: &str = "sts:AssumeRole";

/// Writes that are asked about, by kind. Whoever may change what a role may do may do all that it may.
const WRITES: &[(&Kind, &[&str])] = &[
    (&role::KIND, &["iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]),
    (&db_instance::KIND, &["rds:DeleteDBInstance", "rds:ModifyDBInstance"]),
    (&cluster::KIND, &["rds:DeleteDBCluster", "rds:ModifyDBCluster"]),
    (&instance::KIND, &["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:TerminateInstances"]),
];

/// Services that deploy with the roles they are given.
const DEPLOYING: &[&str] = &[
    "cloudformation.amazonaws.com",
    "codebuild.amazonaws.com",
    "codedeploy.amazonaws.com",
    "codepipeline.amazonaws.com",
];

/// What a policy says of a request, as far as a document alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grant {
    No,
    /// It depends on a condition, or on a document that is not read.
    Perhaps,
    Yes,
}

/// A caller, and all that is attached to it.
struct Caller {
    arn: String,
    account: String,
    tags: Tags,
    /// What its policies say.
    statements: Vec<Statement>,
    /// A policy that was not read.
    unread: Option<String>,
    /// What its boundary says; no statements for one that was not read.
    boundary: Option<Option<Vec<Statement>>>,
}

type Tags = BTreeMap<String, String>;

fn stays_in_environment(resource: &Resource, view: &View) -> Verdict {
    let environments = &view.profile.environments;
    let tags = known_tags(resource)?;
    if environments.named_by(&tags).is_none_or(|name| environments.means_production(&name)) {
        return Ok(Outcome::NotApplicable("its tags name no environment outside of production"));
    }
    if !deploys(&trust_of(resource)?) {
        return Ok(Outcome::NotApplicable("only services take it, and none that deploys"));
    }
    if view.side == Side::Declared {
        return Err(not_in_state("all that a role may do"));
    }
    let caller = caller(resource, tags, view)?;
    let (mut found, mut gap) = (false, None);
    for (kind, actions) in WRITES {
        for target in view.inventory.of(kind) {
            match crossing(&caller, target, actions, view) {
                Ok(None) => {}
                Ok(Some((Grant::Yes, action))) => {
                    let (sort, id) = (target.kind(), target.id());
                    return Ok(Outcome::Fail(format!("it may {action} on {sort} {id}, which is production")));
                }
                Ok(Some((Grant::Perhaps, action))) => {
                    gap = gap.or_else(|| Some(undecided(&caller, action, target)));
                    found = true;
                }
                Ok(Some((Grant::No, _))) => found = true,
                Err(unread) => gap = gap.or(Some(unread)),
            }
        }
        gap = gap.or_else(|| view.inventory.all(kind).err());
    }
    match gap {
        Some(gap) => Err(gap),
        None if found => Ok(Outcome::Pass),
        None => Ok(Outcome::NotApplicable("no tag of a role, database or instance names production")),
    }
}

/// Whether people, pipelines or deploying services take the role.
fn deploys(trust: &[Statement]) -> bool {
    let mut principals = trust.iter().filter(|one| one.allow).flat_map(|one| &one.principals);
    principals.any(|principal| match principal {
        Principal::Service(name) => DEPLOYING.contains(&name.as_str()),
        _ => true,
    })
}

fn trust_of(role: &Resource) -> Result<Vec<Statement>, Gap> {
    let text = told(role.get(&role::ASSUME_ROLE_POLICY)?, DETAILS)?;
    Ok(policy_of(Some(&text), DETAILS)?.statements)
}

fn undecided(caller: &Caller, action: &str, target: &Resource) -> Gap {
    let why = match &caller.unread {
        Some(policy) => format!("what {policy} allows is not read"),
        None => "it depends on a condition or on the boundary".to_owned(),
    };
    let detail = format!("whether it may {action} on {} only a simulation tells: {why}", target.id());
    Gap::new("iam:SimulatePrincipalPolicy", Cause::Unsupported, detail)
}

/// The worst that the caller may do to a target of production; none for a target that is not, or in another account.
fn crossing<'a>(
    caller: &Caller,
    target: &Resource,
    actions: &[&'a str],
    view: &View,
) -> Result<Option<(Grant, &'a str)>, Gap> {
    let environments = &view.profile.environments;
    let tags = known_tags(target)?;
    if !environments.named_by(&tags).is_some_and(|name| environments.means_production(&name)) {
        return Ok(None);
    }
    let arn = arn_of(target)?;
    let mut worst: Option<(Grant, &str)> = None;
    if target.account() == caller.account {
        worst = actions
            .iter()
            .map(|action| (may(caller, action, &arn, &tags), *action))
            .max_by_key(|(grant, _)| *grant);
    }
    if target.kind() == role::KIND.name {
        let assumes = (assumes(caller, target, &arn, &tags)?, ASSUME);
        worst = worst.filter(|(grant, _)| *grant > assumes.0).or(Some(assumes));
    }
    Ok(worst)
}

/// Whether the target lets the caller take it, and the caller is permitted to.
fn assumes(caller: &Caller, target: &Resource, arn: &str, tags: &Tags) -> Result<Grant, Gap> {
    let trust = trust_of(target)?;
    let about = |statement: &&Statement| statement.covers_action(ASSUME);
    let by_name = |statement: &Statement| statement.principals.contains(&Principal::Aws(caller.arn.clone()));
    let by_account = |statement: &Statement| {
        let account = |principal: &Principal| match principal {
            Principal::Anyone => true,
            Principal::Aws(arn) => arn.ends_with(":root") && arn_account(arn) == Some(&caller.account),
            _ => false,
        };
        statement.everybody_else || statement.principals.iter().any(account)
    };
    // Whom `NotPrincipal` leaves out is not weighed.
    let weigh = |one: &Statement| match one.everybody_else {
        true => holds(one, caller, tags).min(Grant::Perhaps),
        false => holds(one, caller, tags),
    };
    let says = |allow: bool, names: &dyn Fn(&Statement) -> bool| {
        let statements = trust.iter().filter(|one| one.allow == allow).filter(about);
        statements.filter(|one| names(one)).map(weigh).max().unwrap_or(Grant::No)
    };
    let (named, account) = (says(true, &by_name), says(true, &by_account));
    let refused = says(false, &by_name).max(says(false, &by_account));
    // Within an account, a trust policy that names the role itself needs no permission beside it.
    let direct = match denies(caller, ASSUME, arn, tags) {
        _ if target.account() != caller.account => Grant::No,
        Grant::Yes => Grant::No,
        Grant::No if caller.boundary.is_none() => named,
        _ => named.min(Grant::Perhaps),
    };
    let grant = direct.max(named.max(account).min(may(caller, ASSUME, arn, tags)));
    Ok(match refused {
        Grant::Yes => Grant::No,
        Grant::Perhaps => grant.min(Grant::Perhaps),
        Grant::No => grant,
    })
}

/// What the caller's own policies and its boundary say of an action on a target.
fn may(caller: &Caller, action: &str, arn: &str, tags: &Tags) -> Grant {
    let unread = if caller.unread.is_some() { Grant::Perhaps } else { Grant::No };
    let allowed = said(&caller.statements, true, action, arn, caller, tags).max(unread);
    let bound = match &caller.boundary {
        None => Grant::Yes,
        Some(None) => Grant::Perhaps,
        Some(Some(statements)) => said(statements, true, action, arn, caller, tags),
    };
    match denies(caller, action, arn, tags) {
        Grant::Yes => Grant::No,
        Grant::Perhaps => allowed.min(bound).min(Grant::Perhaps),
        Grant::No => allowed.min(bound),
    }
}

fn denies(caller: &Caller, action: &str, arn: &str, tags: &Tags) -> Grant {
    let of = |statements: &[Statement]| said(statements, false, action, arn, caller, tags);
    of(&caller.statements)
        .max(caller.boundary.iter().flatten().map(|bound| of(bound)).max().unwrap_or(Grant::No))
}

fn said(
    statements: &[Statement],
    allow: bool,
    action: &str,
    arn: &str,
    caller: &Caller,
    tags: &Tags,
) -> Grant {
    let of_effect = statements.iter().filter(|one| one.allow == allow && one.covers_action(action));
    let weigh = |one: &Statement| match (one.covers_resource(arn), covers_by_variable(one, arn)) {
        (true, _) => holds(one, caller, tags),
        (false, true) => holds(one, caller, tags).min(Grant::Perhaps),
        (false, false) => Grant::No,
    };
    of_effect.map(weigh).max().unwrap_or(Grant::No)
}

/// Whether a variable in the resource could stand for what would make it match.
fn covers_by_variable(statement: &Statement, arn: &str) -> bool {
    let open = |pattern: &String| {
        let mut parts = pattern.split("${");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |open, part| open + "*" + part.split_once('}').map_or("", |(_, rest)| rest))
    };
    let mut variable = statement.resources.iter().filter(|pattern| pattern.contains("${"));
    variable.any(|pattern| matches(&open(pattern), arn))
}

/// Whether the conditions of a statement hold: those on tags and on the caller are decided, all others are not.
fn holds(statement: &Statement, caller: &Caller, tags: &Tags) -> Grant {
    statement.conditions.iter().map(|one| condition(one, caller, tags)).min().unwrap_or(Grant::Yes)
}

fn condition(condition: &Condition, caller: &Caller, tags: &Tags) -> Grant {
    const OF_TARGET: &[&str] =
        &["aws:resourcetag/", "ec2:resourcetag/", "iam:resourcetag/", "rds:db-tag/", "rds:cluster-tag/"];
    let tag = |prefix: &str, tags: &Tags| {
        let key = condition.key.strip_prefix(prefix)?;
        // Keys of conditions are the same in any case.
        let mut same = tags.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key));
        Some(same.next().map(|(_, value)| value.clone()))
    };
    let value = match condition.key.as_str() {
        "aws:principalarn" => Some(Some(caller.arn.clone())),
        "aws:principalaccount" => Some(Some(caller.account.clone())),
        _ => OF_TARGET
            .iter()
            .find_map(|prefix| tag(prefix, tags))
            // A session may bring a tag that its role has not.
            .or_else(|| tag("aws:principaltag/", &caller.tags).filter(Option::is_some)),
    };
    let Some(value) = value else { return Grant::Perhaps };
    if condition.values.iter().any(|value| value.contains("${")) {
        return Grant::Perhaps;
    }
    let any = |test: &dyn Fn(&str, &str) -> bool| {
        value.as_deref().is_some_and(|value| condition.values.iter().any(|wanted| test(wanted, value)))
    };
    let exact: &dyn Fn(&str, &str) -> bool = &|wanted, value| wanted == value;
    let yes = match condition.operator.as_str() {
        "StringEquals" => any(exact),
        "StringNotEquals" => !any(exact),
        "StringEqualsIgnoreCase" => any(&|wanted, value| wanted.eq_ignore_ascii_case(value)),
        "StringLike" | "ArnLike" | "ArnEquals" => any(&matches),
        "StringNotLike" => !any(&matches),
        _ => return Grant::Perhaps,
    };
    if yes { Grant::Yes } else { Grant::No }
}

fn caller(role: &Resource, tags: Tags, view: &View) -> Result<Caller, Gap> {
    let mut caller = Caller {
        arn: arn_of(role)?,
        account: role.account().to_owned(),
        tags,
        statements: Vec::new(),
        unread: None,
        boundary: None,
    };
    for inline in role.get_or_default(&role::INLINE_POLICY)?.iter().filter(|inline| !inline.policy.is_empty())
    {
        caller.statements.extend(policy_of(Some(&inline.policy), DETAILS)?.statements);
    }
    for arn in role.get_or_default(&role::MANAGED_POLICY_ARNS)? {
        match statements_of(&arn, role, view)? {
            Some(statements) => caller.statements.extend(statements),
            None => caller.unread = caller.unread.or(Some(arn)),
        }
    }
    if let Some(arn) = role.get(&role::PERMISSIONS_BOUNDARY)?.filter(|arn| !arn.is_empty()) {
        caller.boundary = Some(statements_of(&arn, role, view)?);
    }
    Ok(caller)
}

/// What a managed policy says; none for one of AWS that is not known here.
fn statements_of(arn: &str, role: &Resource, view: &View) -> Result<Option<Vec<Statement>>, Gap> {
    if arn_account(arn) == Some("aws") {
        return Ok(of_aws(arn));
    }
    for policy in view.inventory.of(&managed_policy::KIND) {
        if policy.arn.as_deref() == Some(arn) || policy.id() == arn {
            let text = policy.get(&managed_policy::DOCUMENT)?;
            return Ok(Some(policy_of(text.as_deref(), DETAILS)?.statements));
        }
    }
    view.inventory.complete(&managed_policy::KIND, &role.address.place)?;
    Ok(None)
}

/// Policies of AWS whose meaning for the writes that are asked about is plain.
fn of_aws(arn: &str) -> Option<Vec<Statement>> {
    const HARMLESS: &[&str] = &[
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaVPCAccessExecutionRole",
        "AmazonECSTaskExecutionRolePolicy",
        "AmazonSSMManagedInstanceCore",
        "CloudWatchAgentServerPolicy",
        "SecurityAudit",
        "ViewOnlyAccess",
    ];
    let name = arn.rsplit('/').next().unwrap_or_default();
    let everything = Statement {
        allow: true,
        actions: vec!["*".to_owned()],
        resources: vec!["*".to_owned()],
        ..Statement::default()
    };
    match name {
        "AdministratorAccess" => Some(vec![everything]),
        "PowerUserAccess" => {
            let kept_back = ["iam:*", "organizations:*", "account:*"].map(str::to_owned).to_vec();
            Some(vec![Statement { actions: kept_back, other_actions: true, ..everything }])
        }
        _ if HARMLESS.contains(&name) || name.contains("ReadOnly") => Some(Vec::new()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use stateward_model::policy::Document;

    fn statements(document: Value) -> Vec<Statement> {
        Document::parse(&json!({ "Statement": document }).to_string()).unwrap().statements
    }

    fn caller(document: Value) -> Caller {
        Caller {
            arn: "arn:aws:iam::1:role/dev".into(),
            account: "1".into(),
            tags: Tags::from([("Environment".to_owned(), "dev".to_owned())]),
            statements: statements(document),
            unread: None,
            boundary: None,
        }
    }

    fn grant(document: Value) -> Grant {
        let tags = Tags::from([("Environment".to_owned(), "prod".to_owned())]);
        may(&caller(document), "rds:DeleteDBInstance", "arn:aws:rds:us-west-2:1:db:orders", &tags)
    }

    #[test]
    fn tags_of_the_target_decide() {
        let when = |condition: Value| {
            grant(json!([{ "Effect": "Allow", "Action": "rds:*", "Resource": "*", "Condition": condition }]))
        };
        assert_eq!(when(json!({ "StringEquals": { "aws:ResourceTag/Environment": "dev" } })), Grant::No);
        assert_eq!(
            when(json!({ "StringEquals": { "aws:ResourceTag/environment": ["dev", "prod"] } })),
            Grant::Yes
        );
        assert_eq!(when(json!({ "StringNotLike": { "rds:db-tag/Environment": "pr*" } })), Grant::No);
        let own =
            json!({ "StringEquals": { "aws:ResourceTag/Environment": "${aws:PrincipalTag/Environment}" } });
        assert_eq!(when(own), Grant::Perhaps);
        assert_eq!(when(json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } })), Grant::Perhaps);
    }

    #[test]
    fn a_denial_wins_and_a_doubtful_one_leaves_doubt() {
        let with =
            |denial: Value| grant(json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }, denial]));
        assert_eq!(with(json!({ "Effect": "Deny", "Action": "rds:Delete*", "Resource": "*" })), Grant::No);
        assert_eq!(with(json!({ "Effect": "Deny", "Action": "ec2:*", "Resource": "*" })), Grant::Yes);
        let doubtful = json!({ "Effect": "Deny", "Action": "rds:*", "Resource": "*",
            "Condition": { "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } } });
        assert_eq!(with(doubtful), Grant::Perhaps);
    }

    #[test]
    fn a_boundary_narrows_and_a_variable_is_open() {
        let everything = json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }]);
        let bound = |boundary| Caller { boundary, ..caller(everything.clone()) };
        let ask = |caller: &Caller| {
            may(caller, "rds:DeleteDBInstance", "arn:aws:rds:us-west-2:1:db:orders", &Tags::new())
        };
        assert_eq!(ask(&bound(Some(None))), Grant::Perhaps);
        let only_s3 = statements(json!([{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }]));
        assert_eq!(ask(&bound(Some(Some(only_s3)))), Grant::No);
        let variable = json!([{ "Effect": "Allow", "Action": "rds:*", "Resource": "arn:aws:rds:*:1:db:${aws:PrincipalTag/team}*" }]);
        assert_eq!(ask(&caller(variable)), Grant::Perhaps);
        let other = json!([{ "Effect": "Allow", "Action": "rds:*", "Resource": "arn:aws:rds:*:1:db:dev-${aws:username}" }]);
        assert_eq!(ask(&caller(other)), Grant::No);
    }

    #[test]
    fn policies_of_aws_that_are_not_known_are_not_guessed() {
        assert_eq!(of_aws("arn:aws:iam::aws:policy/AmazonRDSFullAccess"), None);
        assert_eq!(of_aws("arn:aws:iam::aws:policy/ReadOnlyAccess"), Some(Vec::new()));
        let power = of_aws("arn:aws:iam::aws:policy/PowerUserAccess").unwrap();
        assert!(
            power[0].covers_action("rds:DeleteDBInstance") && !power[0].covers_action("iam:PutRolePolicy")
        );
    }
}
