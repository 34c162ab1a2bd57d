//! Whether one policy document allows anything that another does not.
//!
//! Where it cannot be told, the answer is that it does: a change that might let somebody in is taken for one that does.

use std::collections::BTreeSet;

use super::{Condition, Document, Principal, Statement};

/// More combinations than this are not looked at; the answer is then the careful one.
const LIMIT: usize = 100_000;

impl Document {
    /// True when this document may allow something that `other` does not: an allowing statement goes beyond those of
    /// `other`, or a denial of `other` is not here any more.
    pub fn allows_beyond(&self, other: &Document) -> bool {
        let of = |document: &'_ Document, allow: bool| -> Vec<Statement> {
            document.statements.iter().filter(|statement| statement.allow == allow).cloned().collect()
        };
        let within = |inner: &[Statement], outer: &[Statement]| {
            inner.iter().all(|statement| is_within(statement, outer))
        };
        !within(&of(self, true), &of(other, true)) || !within(&of(other, false), &of(self, false))
    }

    /// The unique ids of deleted principals that it names, sorted: AWS shows them in the place of the ARN (N3).
    pub fn deleted_principals(&self) -> Vec<&str> {
        let all = self.statements.iter().flat_map(|statement| &statement.principals);
        let mut ids: Vec<&str> = all.filter_map(Principal::deleted).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

impl Principal {
    /// The unique id, when it stands for a principal that was deleted and so admits nobody.
    pub fn deleted(&self) -> Option<&str> {
        const PREFIXES: &[&str] = &["AIDA", "AROA", "AGPA", "AIPA", "ANPA", "ASCA"];
        let Self::Aws(id) = self else { return None };
        let shaped =
            id.len() >= 16 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        (shaped && PREFIXES.iter().any(|prefix| id.starts_with(prefix))).then_some(id.as_str())
    }
}

/// True when whatever the statement is about, one of `others` is about too. Actions, resources and principals may be
/// spread over several of them, so each combination is looked for by itself.
fn is_within(statement: &Statement, others: &[Statement]) -> bool {
    let fitting: Vec<&Statement> =
        others.iter().filter(|other| implied(&other.conditions, &statement.conditions)).collect();
    let dimensions = [
        whom(statement, &fitting),
        patterns(&statement.actions, statement.other_actions, &fitting, |other| {
            (&other.actions, other.other_actions)
        }),
        patterns(&statement.resources, statement.other_resources, &fitting, |other| {
            (&other.resources, other.other_resources)
        }),
    ];
    let [whom, what, on] = dimensions;
    if whom.len().saturating_mul(what.len()).saturating_mul(on.len()) > LIMIT {
        return false;
    }
    whom.iter().all(|a| {
        what.iter().all(|b| {
            let both: BTreeSet<usize> = a.intersection(b).copied().collect();
            on.iter().all(|c| both.intersection(c).next().is_some())
        })
    })
}

/// For each principal of the statement, which of the others name it; each such set once.
fn whom(statement: &Statement, others: &[&Statement]) -> BTreeSet<BTreeSet<usize>> {
    let naming = |test: &dyn Fn(&Statement) -> bool| -> BTreeSet<usize> {
        others.iter().enumerate().filter(|(_, other)| test(other)).map(|(index, _)| index).collect()
    };
    if statement.everybody_else {
        let same = |other: &Statement| {
            let left_out_there = |one: &Principal| statement.principals.contains(one);
            (other.everybody_else && other.principals.iter().all(left_out_there))
                || (!other.everybody_else && other.principals.contains(&Principal::Anyone))
        };
        return BTreeSet::from([naming(&same)]);
    }
    if statement.principals.is_empty() {
        // A policy of a user, group or role names nobody: it is about whoever has it.
        return BTreeSet::from([naming(&|other| other.principals.is_empty() && !other.everybody_else)]);
    }
    let living = statement.principals.iter().filter(|one| one.deleted().is_none());
    living
        .map(|one| {
            naming(&|other| match other.everybody_else {
                true => *one != Principal::Anyone && !other.principals.iter().any(|left| overlap(left, one)),
                false => other.principals.iter().any(|named| admits(named, one)),
            })
        })
        .collect()
}

/// True when whoever `inner` stands for, `outer` stands for too.
fn admits(outer: &Principal, inner: &Principal) -> bool {
    match (outer, inner) {
        (Principal::Anyone, Principal::Aws(_) | Principal::Anyone) => true,
        (Principal::Aws(root), Principal::Aws(_)) if root.ends_with(":root") => {
            outer == inner || (outer.account().is_some() && outer.account() == inner.account())
        }
        _ => outer == inner,
    }
}

fn overlap(one: &Principal, other: &Principal) -> bool {
    admits(one, other) || admits(other, one)
}

/// For each pattern of the statement, which of the others cover it; each such set once.
fn patterns(
    own: &[String],
    own_others: bool,
    others: &[&Statement],
    of: impl Fn(&Statement) -> (&Vec<String>, bool),
) -> BTreeSet<BTreeSet<usize>> {
    let covering = |test: &dyn Fn(&[String], bool) -> bool| -> BTreeSet<usize> {
        let covers = |other: &Statement| {
            let (patterns, all_but) = of(other);
            test(patterns, all_but)
        };
        others.iter().enumerate().filter(|(_, other)| covers(other)).map(|(index, _)| index).collect()
    };
    if own_others || own.is_empty() {
        // All but these: within another "all but" that leaves out no more, or within everything. None at all (a trust
        // policy has no resource) is within none at all.
        let within = |patterns: &[String], all_but: bool| match all_but {
            true => {
                own_others && patterns.iter().all(|left_out| own.iter().any(|mine| covers(mine, left_out)))
            }
            false => patterns.iter().any(|pattern| pattern == "*") || (!own_others && patterns.is_empty()),
        };
        return BTreeSet::from([covering(&within)]);
    }
    own.iter()
        .map(|mine| {
            covering(&|patterns, all_but| match all_but {
                // Whether two patterns overlap is only told where one of them is plain.
                true => !mine.contains(['*', '?']) && !patterns.iter().any(|left_out| covers(left_out, mine)),
                false => patterns.iter().any(|pattern| covers(pattern, mine)),
            })
        })
        .collect()
}

/// True when every text that `inner` matches, `outer` matches too: a `*` is only covered by a `*`.
fn covers(outer: &str, inner: &str) -> bool {
    let (outer, inner): (Vec<char>, Vec<char>) = (outer.chars().collect(), inner.chars().collect());
    let (mut o, mut i) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while i < inner.len() {
        match outer.get(o) {
            Some('*') => {
                star = Some((o, i));
                o += 1;
            }
            Some(letter) if *letter == inner[i] || (*letter == '?' && inner[i] != '*') => {
                o += 1;
                i += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                o = at + 1;
                i = taken + 1;
            }
        }
    }
    outer[o..].iter().all(|letter| *letter == '*')
}

/// True when the conditions `tight` can only hold where those of `loose` hold: each of `loose` stands in `tight` too,
/// with the same values, or with fewer of them where one has to match.
fn implied(loose: &[Condition], tight: &[Condition]) -> bool {
    loose.iter().all(|wanted| {
        tight.iter().any(|given| {
            let same_test = wanted.operator == given.operator && wanted.key == given.key;
            let fewer = given.values.iter().all(|value| wanted.values.contains(value));
            same_test
                && (wanted.values == given.values || (wanted.demands() && fewer && !given.values.is_empty()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn document(statements: Value) -> Document {
        Document::parse(&json!({ "Version": "2012-10-17", "Statement": statements }).to_string()).unwrap()
    }

    fn beyond(new: Value, old: Value) -> bool {
        document(new).allows_beyond(&document(old))
    }

    fn allow(action: Value, resource: Value) -> Value {
        json!({ "Effect": "Allow", "Action": action, "Resource": resource })
    }

    #[test]
    fn fewer_actions_and_resources_do_not_go_beyond_and_more_do() {
        let broad = || allow(json!("s3:*"), json!("*"));
        let narrow = || allow(json!(["s3:GetObject", "s3:PutObject"]), json!("arn:aws:s3:::b/*"));
        assert!(!beyond(narrow(), broad()) && beyond(broad(), narrow()));
        assert!(!beyond(broad(), broad()));
        assert!(beyond(allow(json!("s3:Get*"), json!("*")), allow(json!("s3:GetObject"), json!("*"))));
        assert!(
            beyond(allow(json!("s3:*"), json!("*")), allow(json!("s3:?"), json!("*"))),
            "? is one letter"
        );
    }

    #[test]
    fn what_is_spread_over_statements_is_found() {
        let one = allow(json!(["s3:GetObject", "s3:PutObject"]), json!(["arn:a", "arn:b"]));
        let split = |last: &str| {
            json!([
                allow(json!("s3:GetObject"), json!(["arn:a", "arn:b"])),
                allow(json!("s3:PutObject"), json!("arn:a")),
                allow(json!("s3:PutObject"), json!(last)),
            ])
        };
        assert!(!beyond(one.clone(), split("arn:b")) && !beyond(split("arn:b"), one.clone()));
        assert!(beyond(one, split("arn:c")), "PutObject on b was not allowed");
    }

    #[test]
    fn a_denial_that_went_goes_beyond_and_one_that_came_does_not() {
        let allowed = allow(json!("s3:*"), json!("*"));
        let denied = json!({ "Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*" });
        assert!(beyond(json!([allowed]), json!([allowed, denied])));
        assert!(!beyond(json!([allowed, denied]), json!([allowed])));
    }

    #[test]
    fn principals_and_conditions_count() {
        let trust = |principal: Value, condition: Value| json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition });
        let account = json!({ "AWS": "arn:aws:iam::111111111111:root" });
        let role = json!({ "AWS": "arn:aws:iam::111111111111:role/deploy" });
        let foreign = json!({ "AWS": "arn:aws:iam::222222222222:role/deploy" });
        let none = || json!({});
        assert!(!beyond(trust(role.clone(), none()), trust(account.clone(), none())));
        assert!(beyond(trust(account.clone(), none()), trust(role, none())));
        assert!(beyond(trust(foreign, none()), trust(account.clone(), none())));
        assert!(beyond(trust(json!("*"), none()), trust(account.clone(), none())));
        let external = |ids: Value| json!({ "StringEquals": { "sts:ExternalId": ids } });
        assert!(!beyond(trust(account.clone(), external(json!("a"))), trust(account.clone(), none())));
        assert!(beyond(trust(account.clone(), none()), trust(account.clone(), external(json!("a")))));
        assert!(!beyond(
            trust(account.clone(), external(json!("a"))),
            trust(account.clone(), external(json!(["a", "b"])))
        ));
        assert!(beyond(
            trust(account.clone(), external(json!(["a", "c"]))),
            trust(account, external(json!(["a", "b"])))
        ));
    }

    #[test]
    fn a_deleted_principal_admits_nobody() {
        let trust = |principals: Value| json!({ "Effect": "Allow", "Principal": { "AWS": principals }, "Action": "sts:AssumeRole" });
        let before = trust(json!(["arn:aws:iam::111111111111:role/a", "arn:aws:iam::111111111111:role/b"]));
        let after = trust(json!(["AROAEXAMPLEEXAMPLE12", "arn:aws:iam::111111111111:role/b"]));
        assert!(!beyond(after.clone(), before.clone()) && beyond(before, after.clone()));
        assert_eq!(document(after).deleted_principals(), ["AROAEXAMPLEEXAMPLE12"]);
        assert!(
            document(trust(json!("arn:aws:iam::111111111111:role/AROA"))).deleted_principals().is_empty()
        );
    }

    #[test]
    fn what_is_left_out_is_compared_the_other_way_round() {
        let but = |actions: Value| json!({ "Effect": "Allow", "NotAction": actions, "Resource": "*" });
        assert!(!beyond(but(json!(["iam:*", "sts:*"])), but(json!("iam:*"))));
        assert!(beyond(but(json!("iam:*")), but(json!(["iam:*", "sts:*"]))));
        assert!(!beyond(allow(json!("s3:GetObject"), json!("*")), but(json!("iam:*"))));
        assert!(beyond(allow(json!("iam:PassRole"), json!("*")), but(json!("iam:*"))));
        assert!(beyond(but(json!("iam:*")), allow(json!("s3:*"), json!("*"))));
        assert!(!beyond(but(json!("iam:*")), allow(json!("*"), json!("*"))));
    }
}
