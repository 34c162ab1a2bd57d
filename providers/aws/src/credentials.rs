//! Reads the credential report and the password policy, and asks IAM what the auditor itself may do.

use aws_sdk_iam::types::{PasswordPolicy, PolicyEvaluationDecisionType, ReportStateType};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::credentials::{caller, password_policy, report};
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::iam::{DETAILS, NONE, details};
use crate::session::{Collector, Session};

static GENERATE: Call = Call::new("iam", "GenerateCredentialReport").quota(1, 2);
static REPORT: Call = Call::new("iam", "GetCredentialReport").quota(2, 4);
static PASSWORD_POLICY: Call = Call::new("iam", "GetAccountPasswordPolicy");
pub(crate) static SIMULATE: Call = Call::new("iam", "SimulatePrincipalPolicy").quota(2, 4);

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &report::KIND,
        calls: &[&GENERATE, &REPORT],
        collect: |s| Box::pin(credential_report(s)),
    },
    Collector {
        kind: &password_policy::KIND,
        calls: &[&PASSWORD_POLICY],
        collect: |s| Box::pin(account_password_policy(s)),
    },
    Collector {
        kind: &caller::KIND,
        calls: &[&DETAILS, &SIMULATE],
        collect: |s| Box::pin(caller_identity(s)),
    },
];

/// How often a report that IAM still writes is asked for; the pauses double.
const ATTEMPTS: u32 = 8;

/// How IAM says that a report is not there yet.
const NOT_YET: &[&str] = &["ReportInProgress", "ReportNotPresent", "ReportExpired"];

fn none_but(gap: Gap) -> Harvest {
    Harvest { resources: Vec::new(), gaps: vec![gap] }
}

async fn credential_report(s: &Session) -> Harvest {
    match report_text(s).await.and_then(|text| entries(s, &text)) {
        Ok(resources) => Harvest { resources, gaps: Vec::new() },
        Err(gap) => none_but(gap),
    }
}

/// IAM writes a report when asked, and gives the last one again for four hours.
async fn report_text(s: &Session) -> Result<String, Gap> {
    let started = s.call(&GENERATE, || s.iam().generate_credential_report().send()).await?;
    let ready = started.state == Some(ReportStateType::Complete);
    for attempt in 0..ATTEMPTS {
        if attempt > 0 || !ready {
            tokio::time::sleep(s.pause() * 2_u32.pow(attempt)).await;
        }
        if let Some(out) = s.call_or_none(&REPORT, NOT_YET, || s.iam().get_credential_report().send()).await?
        {
            let bytes = out.content.map(|content| content.into_inner()).unwrap_or_default();
            let broken = |_| Gap::new(REPORT.name(), Cause::Malformed, "the report is no text");
            return String::from_utf8(bytes).map_err(broken);
        }
    }
    Err(Gap::new(REPORT.name(), Cause::Timeout, "IAM did not finish the credential report in time"))
}

/// The report is comma-separated, one line a user, with the names of the columns first.
fn entries(s: &Session, text: &str) -> Result<Vec<Resource>, Gap> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).map(fields);
    let columns = lines.next().unwrap_or_default();
    let malformed = |detail: &str| Gap::new(REPORT.name(), Cause::Malformed, detail.to_owned());
    // Without one of them a user would look as if he had no password, or no key.
    for needed in ["user", "password_enabled", "access_key_1_active", "access_key_2_active"] {
        if !columns.iter().any(|column| column == needed) {
            return Err(malformed(&format!("the report has no column `{needed}`")));
        }
    }
    lines
        .map(|values| {
            if values.len() != columns.len() {
                return Err(malformed("a line of the report has more or fewer fields than it has columns"));
            }
            Ok(entry(s, &Line { columns: &columns, values: &values }))
        })
        .collect()
}

/// The fields of a line. One with a comma stands in quotation marks, which are doubled inside.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let (mut quoted, mut letters) = (false, line.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                fields.last_mut().into_iter().for_each(|field| field.push('"'));
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => fields.last_mut().into_iter().for_each(|field| field.push(other)),
        }
    }
    fields
}

struct Line<'a> {
    columns: &'a [String],
    values: &'a [String],
}

impl Line<'_> {
    fn raw(&self, column: &str) -> Option<&str> {
        let index = self.columns.iter().position(|name| name == column)?;
        self.values.get(index).map(|value| value.trim())
    }

    /// What the report knows; it has three words for nothing.
    fn text(&self, column: &str) -> Option<String> {
        self.raw(column)
            .filter(|value| !matches!(*value, "" | "N/A" | "no_information" | "not_supported"))
            .map(str::to_owned)
    }

    fn flag(&self, column: &str) -> Option<bool> {
        self.raw(column)?.to_ascii_lowercase().parse().ok()
    }
}

fn entry(s: &Session, line: &Line) -> Resource {
    use report::*;
    let user = line.text("user").unwrap_or_default();
    let mut r = Resource::new(s.global(), KIND.name, user.clone()).with_name(user);
    r.set(&ACCESS_KEYS, [1, 2].into_iter().filter_map(|number| access_key(line, number)).collect())
        .set_opt(&PASSWORD_ENABLED, line.flag("password_enabled"))
        .set_opt(&PASSWORD_LAST_CHANGED, line.text("password_last_changed"))
        .set_opt(&PASSWORD_LAST_USED, line.text("password_last_used"))
        .set_opt(&USER_CREATED, line.text("user_creation_time"));
    r
}

/// A key that was never made has no time; an inactive one keeps it.
fn access_key(line: &Line, number: u8) -> Option<report::AccessKey> {
    let of = |what: &str| format!("access_key_{number}_{what}");
    let active = line.flag(&of("active")).unwrap_or_default();
    let last_rotated = line.text(&of("last_rotated"));
    (active || last_rotated.is_some()).then(|| report::AccessKey {
        number,
        active,
        last_rotated,
        last_used: line.text(&of("last_used_date")),
        last_used_service: line.text(&of("last_used_service")),
    })
}

async fn account_password_policy(s: &Session) -> Harvest {
    let read = s.call_or_none(&PASSWORD_POLICY, NONE, || s.iam().get_account_password_policy().send()).await;
    match read {
        Ok(out) => {
            let policy = out.and_then(|out| out.password_policy);
            let resources = policy.iter().map(|policy| policy_resource(s, policy)).collect();
            Harvest { resources, gaps: Vec::new() }
        }
        Err(gap) => none_but(gap),
    }
}

fn policy_resource(s: &Session, policy: &PasswordPolicy) -> Resource {
    use password_policy::*;
    let mut r = Resource::new(s.global(), KIND.name, ID).with_name("password policy");
    r.set(&ALLOW_USERS_TO_CHANGE_PASSWORD, policy.allow_users_to_change_password)
        .set_opt(&HARD_EXPIRY, policy.hard_expiry)
        .set_opt(&MAX_PASSWORD_AGE, policy.max_password_age.map(i64::from))
        .set_opt(&MINIMUM_PASSWORD_LENGTH, policy.minimum_password_length.map(i64::from))
        .set_opt(&PASSWORD_REUSE_PREVENTION, policy.password_reuse_prevention.map(i64::from))
        .set(&REQUIRE_LOWERCASE_CHARACTERS, policy.require_lowercase_characters)
        .set(&REQUIRE_NUMBERS, policy.require_numbers)
        .set(&REQUIRE_SYMBOLS, policy.require_symbols)
        .set(&REQUIRE_UPPERCASE_CHARACTERS, policy.require_uppercase_characters);
    r
}

/// Writes of the services whose loss hurts most. Each is something that no read needs, and none is ever sent: IAM is
/// asked whether it would allow them on every resource.
pub(crate) const WRITES: &[&str] = &[
    "backup:DeleteRecoveryPoint",
    "cloudtrail:StopLogging",
    "dynamodb:DeleteTable",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:TerminateInstances",
    "iam:AttachRolePolicy",
    "iam:CreateAccessKey",
    "kms:ScheduleKeyDeletion",
    "lambda:UpdateFunctionCode",
    "rds:DeleteDBInstance",
    "s3:DeleteObject",
    "s3:PutBucketPolicy",
];

async fn caller_identity(s: &Session) -> Harvest {
    let principal = match principal(s).await {
        Ok(principal) => principal,
        Err(gap) => return none_but(gap),
    };
    // Nothing limits root, and IAM does not simulate it.
    let allowed = match principal.ends_with(":root") {
        true => Ok(WRITES.iter().map(|action| (*action).to_owned()).collect()),
        false => allowed_writes(s, &principal).await,
    };
    let mut r = Resource::new(s.global(), caller::KIND.name, principal.clone()).with_name(s.caller());
    r.arn = Some(principal.clone());
    match allowed {
        Ok(allowed) => {
            r.set(&ARN, principal).set(&caller::ALLOWED_WRITES, allowed);
            Harvest { resources: vec![r], gaps: Vec::new() }
        }
        Err(gap) => none_but(gap),
    }
}

/// The user or role behind the credentials. STS leaves the path of a role out, and IAM wants it.
async fn principal(s: &Session) -> Result<String, Gap> {
    let details = details(s).await;
    if let Some(gap) = &details.gap {
        return Err(gap.clone());
    }
    let (_, name) = s.caller().rsplit_once(':').unwrap_or_default();
    let of_iam = |name: &str| format!("arn:{}:iam::{}:{name}", s.partition(), s.account());
    let mut parts = name.split('/');
    match (parts.next(), parts.next()) {
        (Some("root" | "user"), _) => Ok(of_iam(name)),
        (Some("assumed-role"), Some(role)) => {
            let found = details.roles.iter().find(|detail| detail.role_name.as_deref() == Some(role));
            let unknown = || {
                Gap::new(
                    DETAILS.name(),
                    Cause::Malformed,
                    format!("the role {role} of the auditor is not listed"),
                )
            };
            found.and_then(|detail| detail.arn.clone()).ok_or_else(unknown)
        }
        _ => Err(Gap::new(
            SIMULATE.name(),
            Cause::Unsupported,
            "the credentials are of neither a user nor a role",
        )),
    }
}

async fn allowed_writes(s: &Session, principal: &str) -> Result<Vec<String>, Gap> {
    let actions: Vec<String> = WRITES.iter().map(|action| (*action).to_owned()).collect();
    allowed(s, principal, &actions).await
}

/// Actions that are simulated together.
const BATCH: usize = 50;

/// Of `actions`, those that the credentials may not do.
///
/// # Errors
/// The gap, where it cannot be simulated.
pub(crate) async fn denied(s: &Session, actions: &[String]) -> Result<Vec<String>, Gap> {
    let principal = principal(s).await?;
    // Nothing limits root, and IAM does not simulate it.
    if principal.ends_with(":root") {
        return Ok(Vec::new());
    }
    let mut denied = Vec::new();
    for batch in actions.chunks(BATCH) {
        let allowed = allowed(s, &principal, batch).await?;
        denied.extend(batch.iter().filter(|action| !allowed.contains(action)).cloned());
    }
    Ok(denied)
}

/// Of `actions`, those that the policies of a user or role allow.
async fn allowed(s: &Session, principal: &str, actions: &[String]) -> Result<Vec<String>, Gap> {
    let pages = s
        .pages(
            &SIMULATE,
            |marker| {
                s.iam()
                    .simulate_principal_policy()
                    .policy_source_arn(principal)
                    .set_action_names(Some(actions.to_vec()))
                    .set_marker(marker)
                    .send()
            },
            |out| {
                let marker = out.marker.filter(|_| out.is_truncated);
                (out.evaluation_results.unwrap_or_default(), marker)
            },
        )
        .await;
    let results = pages.complete()?;
    let told = |action: &&String| results.iter().any(|result| result.eval_action_name == **action);
    if !actions.iter().all(|action| told(&action)) {
        return Err(Gap::new(SIMULATE.name(), Cause::Malformed, "the answer leaves actions out"));
    }
    let allowed =
        results.into_iter().filter(|one| one.eval_decision == PolicyEvaluationDecisionType::Allowed);
    Ok(allowed.map(|result| result.eval_action_name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    const HEAD: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
        password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,\
        access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,\
        access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date";

    fn session() -> Account {
        Account::new(wanting_all(&report::KIND), |_| (500, String::new()))
    }

    #[test]
    fn the_words_for_nothing_are_nothing() {
        let account = session();
        let text = format!(
            "{HEAD}\n<root_account>,arn:aws:iam::1:root,2020-01-01T00:00:00+00:00,not_supported,\
             2025-12-01T00:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A\n\
             ci,arn:aws:iam::1:user/ci,2020-01-01T00:00:00+00:00,false,N/A,N/A,N/A,false,true,\
             2025-01-01T00:00:00+00:00,2026-01-01T00:00:00+00:00,us-west-2,ecr,false,2024-01-01T00:00:00+00:00,N/A\n"
        );
        let found = entries(account.home(), &text).unwrap();
        assert_eq!(found[0].id(), report::ROOT);
        assert_eq!(found[0].get(&report::PASSWORD_ENABLED), Ok(None));
        assert_eq!(
            found[0].get(&report::PASSWORD_LAST_USED).unwrap().as_deref(),
            Some("2025-12-01T00:00:00+00:00")
        );
        assert_eq!(found[0].get(&report::ACCESS_KEYS), Ok(Some(Vec::new())));
        let keys = found[1].get(&report::ACCESS_KEYS).unwrap().unwrap();
        assert_eq!((keys[0].active, keys[0].last_used_service.as_deref()), (true, Some("ecr")));
        assert_eq!((keys[1].active, keys[1].last_used.as_deref()), (false, None));
    }

    #[test]
    fn a_broken_report_is_no_report_of_nobody() {
        let account = session();
        assert_eq!(entries(account.home(), "").unwrap_err().cause, Cause::Malformed);
        let without_keys = "user,password_enabled\nlena,true\n";
        let broken = entries(account.home(), without_keys).unwrap_err();
        assert_eq!(broken.cause, Cause::Malformed);
        assert!(broken.detail.contains("access_key_1_active"), "{broken:?}");
        assert_eq!(entries(account.home(), &format!("{HEAD}\na,b,c\n")).unwrap_err().cause, Cause::Malformed);
        assert_eq!(fields(r#""a,b",c,"d""e""#), ["a,b", "c", "d\"e"]);
    }

    fn wrapped(operation: &str, inner: &str) -> String {
        format!("<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>")
    }

    #[tokio::test]
    async fn a_report_that_iam_never_finishes_is_a_gap() {
        let account = Account::new(wanting_all(&report::KIND), |asked| match asked.action() {
            "GenerateCredentialReport" => {
                (200, wrapped("GenerateCredentialReport", "<State>STARTED</State>"))
            }
            _ => (404, "<ErrorResponse><Error><Code>ReportInProgress</Code></Error></ErrorResponse>".into()),
        });
        let harvest = credential_report(account.home()).await;
        assert_eq!(harvest.gaps[0].cause, Cause::Timeout);
        assert_eq!(account.calls("GetCredentialReport"), u64::from(ATTEMPTS));
    }

    #[tokio::test]
    async fn an_account_without_a_password_policy_has_none_and_a_refusal_is_a_gap() {
        let answer = |status: u16, code: &'static str| {
            Account::new(wanting_all(&password_policy::KIND), move |_| {
                (status, format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"))
            })
        };
        let none = account_password_policy(answer(404, "NoSuchEntity").home()).await;
        assert_eq!((none.resources.len(), none.gaps.len()), (0, 0));
        let refused = account_password_policy(answer(403, "AccessDenied").home()).await;
        assert_eq!(refused.gaps[0].cause, Cause::Denied);
    }

    #[tokio::test]
    async fn what_iam_would_allow_is_told_and_a_short_answer_is_a_gap() {
        let member = |action: &str, decision: &str| {
            format!(
                "<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision></member>"
            )
        };
        let whole: String = WRITES
            .iter()
            .map(|action| {
                member(action, if *action == "s3:DeleteObject" { "allowed" } else { "implicitDeny" })
            })
            .collect();
        for (results, allowed) in [(whole, Some(1)), (member("s3:DeleteObject", "allowed"), None)] {
            let account = Account::new(wanting_all(&caller::KIND), move |asked| {
                let inner = match asked.action() {
                    "SimulatePrincipalPolicy" => format!("<EvaluationResults>{results}</EvaluationResults>"),
                    _ => "<IsTruncated>false</IsTruncated>".to_owned(),
                };
                (200, wrapped(asked.action(), &inner))
            });
            let harvest = caller_identity(account.home()).await;
            let found =
                harvest.resources.first().map(|r| r.get(&caller::ALLOWED_WRITES).unwrap().unwrap().len());
            assert_eq!(found, allowed);
            assert_eq!(harvest.gaps.is_empty(), allowed.is_some());
        }
    }
}
