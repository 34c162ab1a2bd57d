use super::*;
use std::time::Instant;

use stateward_model::{Place, Slot};

use crate::audit::{Question, evaluate};
use crate::plan::Selection;
use crate::profile::Profile;
use crate::report::Look;
use crate::result::{Document, Run, build::catalogue_hash};
use crate::snapshot::Snapshot;

const HEAD: &str = "# METADATA
# title: Databases are private
# description: Why it matters.
# custom:
#   id: ACME-01
#   severity: high
#   component: network
#   category: exposure
#   type: aws_db_instance
#   attributes: [publicly_accessible]
#   fix: Make it private.
package stateward.private

import rego.v1
";

/// File, policy and cases of an example.
macro_rules! example {
    ($name:literal) => {
        (
            concat!("profiles/policies/", $name, ".rego"),
            include_str!(concat!("../../profiles/policies/", $name, ".rego")),
            include_str!(concat!("../../profiles/policies/", $name, ".cases.yaml")),
        )
    };
}

const EXAMPLES: [(&str, &str, &str); 3] =
    [example!("corporate-ranges"), example!("database-owner"), example!("instance-families")];

fn policy(rules: &str) -> Result<Policy, Fault> {
    Policy::read("p.rego", &format!("{HEAD}{rules}"))
}

fn database(public: Slot) -> Resource {
    let mut resource = Resource::new(Place::new("1", "us-west-2"), "aws_db_instance", "orders");
    resource.put_raw("publicly_accessible", public);
    resource
}

fn judged(rules: &str) -> Verdict {
    policy(rules).unwrap().judge_alone(&database(Slot::Known(false.into())))
}

const WHOLE: &str = "
pass if input.attributes.publicly_accessible == false
deny contains \"it is public\" if input.attributes.publicly_accessible == true
";

#[test]
fn a_policy_answers_for_what_was_read() {
    let policy = policy(WHOLE).unwrap();
    assert_eq!(policy.judge_alone(&database(Slot::Known(false.into()))), Ok(Outcome::Pass));
    let public = policy.judge_alone(&database(Slot::Known(true.into())));
    assert_eq!(public, Ok(Outcome::Fail("it is public".into())));
}

#[test]
fn what_was_not_read_is_unknown_whatever_the_policy_says() {
    let lenient =
        policy("pass if true\ndeny contains \"x\" if input.attributes.publicly_accessible").unwrap();
    let denied = Gap::new("rds:DescribeDBInstances", Cause::Denied, "");
    assert_eq!(lenient.judge_alone(&database(Slot::Unread(denied.clone()))), Err(denied));
    let bare = Resource::new(Place::new("1", "us-west-2"), "aws_db_instance", "orders");
    assert_eq!(lenient.judge_alone(&bare).unwrap_err().cause, Cause::NotRequested);
}

#[test]
fn what_neither_passes_nor_denies_is_unknown() {
    let gap = policy(WHOLE).unwrap().judge_alone(&database(Slot::Known(Value::Null))).unwrap_err();
    assert_eq!(gap.to_string(), "policy ACME-01: malformed (it neither passes nor denies)");
}

#[test]
fn a_fault_of_a_policy_at_work_is_unknown_with_its_line() {
    let gap = judged(
        "pass if not startswith(input.attributes.publicly_accessible, \"x\")\ndeny contains \"x\" if false",
    )
    .unwrap_err();
    assert!(gap.detail.contains("line 15") && gap.detail.contains("startswith"), "{gap}");
    let gap = judged("f(x) := lower(x)\npass if not f(input.attributes.publicly_accessible)\ndeny := set()")
        .unwrap_err();
    assert!(gap.detail.contains("parameter 1 has to be a string"), "{gap}");
    let gap =
        judged("pass := input.attributes.publicly_accessible == false\ndeny := \"no set\"").unwrap_err();
    assert!(gap.detail.contains("not a set of messages"), "{gap}");
}

/// Three nested loops over what two words make: more than any machine would do in an hour.
const ENDLESS: &str = "
hundred := [x | some x in split(\"0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9\", \",\")]
";

#[test]
fn an_endless_loop_is_cut_off_at_the_same_place_every_time() {
    let rules = format!(
        "{ENDLESS}
deny contains \"x\" if {{
	some a in hundred; some b in hundred; some c in hundred; some d in hundred; some e in hundred; some f in hundred
	concat(\"\", [a, b, c, d, e, f]) == \"never\"
}}
pass if input.attributes.publicly_accessible == false"
    );
    let begun = Instant::now();
    let before = functions::steps();
    let gap = judged(&rules).unwrap_err();
    let taken = functions::steps() - before;
    assert_eq!(gap.detail, "`deny` was cut off after 25000 steps");
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    let before = functions::steps();
    assert_eq!(judged(&rules).unwrap_err(), gap);
    assert_eq!(functions::steps() - before, taken, "steps do not depend on the machine");
}

#[test]
fn a_cut_off_hidden_in_a_function_or_behind_not_is_one_all_the_same() {
    let loops = "some a in hundred; some b in hundred; some c in hundred; some d in hundred; a == \"x\"";
    for rules in [
        format!(
            "f(x) if {{ {loops}; x }}\npass if not f(input.attributes.publicly_accessible)\ndeny := set()"
        ),
        format!(
            "p if {{ {loops} }}\npass if {{ not p; not input.attributes.publicly_accessible }}\ndeny := set()"
        ),
        format!(
            "n := count([1 | {loops}])\npass if {{ n == 0; not input.attributes.publicly_accessible }}\ndeny := set()"
        ),
    ] {
        let gap = judged(&format!("{ENDLESS}{rules}")).unwrap_err();
        assert!(gap.detail.contains("cut off"), "{rules}: {gap}");
    }
}

#[test]
fn neither_comprehensions_nor_texts_outgrow_their_bounds() {
    let doubled = |function: &str| {
        let lines: String =
            (1..40).map(|n| format!("v{n} := {}\n", function.replace('@', &format!("v{}", n - 1)))).collect();
        format!(
            "v0 := \"0123456789abcdef\"\n{lines}pass if {{ v39; not input.attributes.publicly_accessible }}\ndeny := set()"
        )
    };
    for (rules, words) in [
        (
            format!(
                "{ENDLESS}all := {{[a, b, c, d] | some a in hundred; some b in hundred; some c in hundred; some d in hundred}}\npass if {{ count(all) > 0; not input.attributes.publicly_accessible }}\ndeny := set()"
            ),
            "cut off",
        ),
        (doubled("concat(\"\", [@, @])"), "grows beyond"),
        (doubled("sprintf(\"%s%v\", [@, @])"), "grows beyond"),
        (doubled("replace(@, \"0\", @)"), "grows beyond"),
        (doubled("array.concat([@], [@, @])"), ""),
        (
            doubled("concat(\"\", [@, @])")
                .replace("v39; ", "some i, _ in split(v11, \"0\"); upper(v11) == i; "),
            "cut off",
        ),
    ] {
        let begun = Instant::now();
        let gap = judged(&rules);
        assert!(begun.elapsed().as_secs() < 20, "{rules}");
        if !words.is_empty() {
            let gap = gap.unwrap_err();
            assert!(gap.detail.contains(words), "{rules}: {gap}");
        }
    }
}

#[test]
fn what_reaches_outside_or_costs_nothing_is_refused_when_it_is_read() {
    for call in [
        "http.send({\"url\": \"http://x\", \"method\": \"get\"})",
        "time.now_ns()",
        "rand.intn(\"x\", 6)",
        "opa.runtime().env",
        "uuid.rfc4122(\"x\")",
        "net.lookup_ip_addr(\"x\")",
        "numbers.range(1, 1000000000)",
        "walk(input.attributes.publicly_accessible)",
        "yaml.unmarshal(\"a: b\")",
        "trace(\"x\")",
        "print(\"x\")",
        "json.marshal(1)",
        "bits.lsh(1, 1000000000)",
    ] {
        for rules in [format!("{WHOLE}x := {call}"), format!("{WHOLE}f(y) := [z | z := [{call}][y]]")] {
            let fault = policy(&rules).err().unwrap_or_else(|| panic!("{call} is taken"));
            let name = call.split('(').next().unwrap();
            assert!(fault.problem.contains(name), "{fault}");
            assert_eq!(fault.line, Some(18), "{fault}");
        }
    }
}

#[test]
fn what_cannot_be_held_against_the_declaration_is_refused() {
    for (rules, words) in [
        ("x if input.attributes.multi_az", "input.attributes.multi_az is read and not declared"),
        ("x if input.attributes[\"multi_az\"]", "input.attributes.multi_az is read and not declared"),
        ("x := [y | some y in input.attributes]", "without the name"),
        ("n := \"multi_az\"\nx if input.attributes[n]", "without the name"),
        ("x := object.get(input.attributes, \"multi_az\", 1)", "without the name"),
        ("f(y) := y.attributes.multi_az\nx := f(input)", "without the name"),
        ("x := input", "without the name"),
        ("x := input.tags", "there is no input.tags"),
        ("x := data.other.rule", "`data` is read"),
        ("import data.other\nx := other.rule", "`data.other` is imported"),
        ("import input.attributes as a\nx := a.multi_az", "is imported"),
        ("x if pass with input as {}", "`with`"),
        ("x if every input in [1] { input > 0 }", "called `input`"),
        ("x := input.attributes.publicly_accessible * input.attributes.publicly_accessible", "multiplied"),
    ] {
        let (imports, rest) = match rules.strip_prefix("import") {
            Some(_) => rules.split_once('\n').unwrap(),
            None => ("", rules),
        };
        let fault =
            policy(&format!("{imports}{WHOLE}{rest}")).err().unwrap_or_else(|| panic!("{rules} is taken"));
        assert!(fault.problem.contains(words), "{rules}: {fault}");
        assert!(fault.line.is_some_and(|line| (14..=19).contains(&line)), "{rules}: {fault}");
    }
}

#[test]
fn a_policy_has_to_say_what_passes_what_fails_and_read_what_it_declares() {
    for (rules, words) in [
        ("deny contains \"x\" if input.attributes.publicly_accessible", "no rule `pass`"),
        ("pass if input.attributes.publicly_accessible", "no rule `deny`"),
        ("pass if true\ndeny contains \"x\" if false", "`publicly_accessible` is declared and never read"),
    ] {
        let fault = policy(rules).err().unwrap();
        assert!(fault.problem.contains(words), "{fault}");
    }
}

#[test]
fn metadata_is_held_against_the_vocabulary_with_its_line() {
    for (old, new, words, line) in [
        ("#   severity: high", "#   severity: urgent", "no severity `urgent`", 6),
        ("component: network", "component: net", "no component `net`", 7),
        ("category: exposure", "category: exposed", "no category `exposed`", 8),
        ("type: aws_db_instance", "type: aws_db_instanze", "did you mean `aws_db_instance`", 9),
        ("type: aws_db_instance", "type: aws_s3_bucket_versioning", "is a part of `aws_s3_bucket`", 9),
        ("[publicly_accessible]", "[public_accessible]", "did you mean `publicly_accessible`", 10),
        ("[publicly_accessible]", "[]", "no attribute is declared", 10),
        ("[publicly_accessible]", "[publicly_accessible", "METADATA annotation", 10),
        ("id: ACME-01", "id: STO-99", "belong to the catalogue", 5),
        ("id: ACME-01", "id: acme", "is not an id", 5),
        ("#   severity: high", "#   severty: high", "unknown field `severty`", 6),
        ("# title: Databases are private", "# title: ' '", "`title` is empty", 2),
        ("#   fix: Make it private.\n", "", "missing field `fix`", 2),
        ("# METADATA\n", "", "no METADATA annotation", 1),
    ] {
        let text = format!("{HEAD}{WHOLE}").replace(old, new);
        let fault = Policy::read("p.rego", &text).err().unwrap_or_else(|| panic!("{new} is taken"));
        assert!(fault.to_string().contains(words), "{new}: {fault}");
        assert_eq!(fault.line, Some(line), "{new}: {fault}");
    }
}

#[test]
fn broken_rego_names_file_and_line() {
    for rules in [
        "pass if {",
        "deny contains if x",
        "pass if input.attributes.publicly_accessible == false\npass := := 1",
    ] {
        let fault = policy(rules).err().unwrap();
        assert!(fault.line.is_some_and(|line| line >= 15), "{fault}");
        assert!(fault.to_string().starts_with("p.rego:1"), "{fault}");
    }
    let deep = format!("x := {}1{}\n", "[\n".repeat(20_000), "]\n".repeat(20_000));
    assert!(policy(&format!("{WHOLE}{deep}")).is_err(), "nesting is bounded");
    assert!(policy(&"#".repeat(LONGEST_POLICY)).err().unwrap().problem.contains("bytes"));
}

#[test]
fn ids_and_aliases_are_one_checks_own() {
    let text = format!("{HEAD}{WHOLE}");
    let file = |name: &str, text: String| (name.to_owned(), text);
    let fault = read(&[file("a.rego", text.clone()), file("b.rego", text.clone())]).err().unwrap();
    assert!(fault.file == "b.rego" && fault.problem.contains("also in a.rego"), "{fault}");
    let taken = text.replace("#   id: ACME-01", "#   id: ACME-01\n#   alias: s3-bucket-versioning");
    let fault = read(&[file("a.rego", taken)]).err().unwrap();
    assert!(fault.problem.contains("is a check of the catalogue"), "{fault}");
}

#[test]
fn no_credential_leaves_through_a_message() {
    let secret = "AKIAIOSFODNN7EXAMPLE";
    let told = judged(&format!(
        "deny contains \"{secret}\" if not input.attributes.publicly_accessible\npass if false"
    ));
    let Ok(Outcome::Fail(message)) = told else { panic!("{told:?}") };
    assert!(!message.contains(secret), "{message}");
}

#[test]
fn every_example_holds_its_cases_and_covers_the_answers() {
    for (file, text, cases) in EXAMPLES {
        let policy = Policy::read(file, text).unwrap();
        let results = run_cases(&policy, file, cases).unwrap();
        for result in &results {
            assert_eq!(result.wrong, None, "{file} {}: {}", result.name, result.message);
        }
        for answer in REQUIRED {
            assert!(results.iter().any(|result| result.answer == answer), "{file} lacks {answer}");
        }
    }
}

#[test]
fn a_case_that_does_not_hold_says_so_and_a_broken_one_is_a_fault() {
    let policy = policy(WHOLE).unwrap();
    let run = |cases: &str| run_cases(&policy, "p.cases.yaml", cases);
    let results = run("[{name: a, expect: pass, attributes: {publicly_accessible: true}}]").unwrap();
    assert_eq!(results[0].wrong.as_deref(), Some("expected pass, got fail"));
    let results =
        run("[{name: a, expect: fail, message: y, attributes: {publicly_accessible: true}}]").unwrap();
    assert_eq!(results[0].wrong.as_deref(), Some("expected a message with `y`"));
    assert!(run("[{name: a, expect: passes}]").unwrap_err().problem.contains("passes"));
    assert!(
        run("[{name: a, expect: pass, attributes: {public: true}}]").unwrap_err().problem.contains("public")
    );
    assert_eq!(run("- name: a\n  expect: [").unwrap_err().line, Some(3));
}

fn audited(custom: &[Check]) -> Document {
    let snapshot = Snapshot::from_reader("demo", &include_bytes!("../../demo/estate.stw")[..]).unwrap();
    let profile = Profile::built_in_default().unwrap();
    let selection = Selection::default();
    let question = Question::audit_with(&profile, &selection, custom).unwrap();
    let as_of =
        time::OffsetDateTime::parse(&snapshot.as_of, &time::format_description::well_known::Rfc3339).unwrap();
    let run = Run {
        catalogue_hash: catalogue_hash(question.all.iter().copied()),
        ..crate::result::sample::go().run
    };
    evaluate(snapshot, &question, as_of, run)
}

#[test]
fn the_examples_are_audited_scored_and_reported_as_any_check() {
    let files: Vec<(String, String)> =
        EXAMPLES.iter().map(|(file, text, _)| ((*file).to_owned(), (*text).to_owned())).collect();
    let policies = read(&files).unwrap();
    let custom: Vec<Check> = policies.iter().map(Policy::check).collect();
    let (without, with) = (audited(&[]), audited(&custom));
    let of = |id: &str| -> Vec<&crate::result::Finding> {
        with.findings.iter().filter(|finding| finding.check == id).collect()
    };
    let owners = of("ACME-01");
    assert!(owners.iter().any(|finding| finding.message == "it has no tag Owner"), "{owners:?}");
    let failed = owners.iter().find(|finding| finding.status == crate::result::Status::Fail).unwrap();
    assert_eq!((failed.title.as_str(), failed.severity.as_str()), ("Databases name their owner", "medium"));
    assert!(failed.remediation.as_deref().unwrap().contains("add-tags-to-resource"));
    assert!(!failed.evidence.is_empty() && failed.points_lost > 0.0);
    assert!(of("ACME-02").iter().any(|finding| finding.message.starts_with("m5.4xlarge is of family m5")));
    assert!(of("ACME-03").iter().any(|finding| finding.status == crate::result::Status::Pass));
    assert_ne!(without.run.catalogue_hash, with.run.catalogue_hash);
    let score = |document: &Document| document.score.as_ref().unwrap().evidenced;
    assert!(score(&with) != score(&without), "custom checks weigh");
    assert!(
        crate::report::html::render(&with, &Look::default()).unwrap().contains("Databases name their owner")
    );
}

#[test]
fn the_attributes_that_a_policy_declares_are_asked_for() {
    let policy = policy(WHOLE).unwrap();
    let check = policy.check();
    let mut wanted = stateward_model::Wanted::default();
    crate::plan::for_checks(&[&check], &Profile::built_in_default().unwrap(), &mut wanted);
    assert!(wanted.has_kind("aws_db_instance") && wanted.has("aws_db_instance", "publicly_accessible"));
    assert!(!wanted.has("aws_db_instance", "multi_az"));
    let selection = Selection { checks: vec!["acme-01".into()], ..Selection::default() };
    assert_eq!(selection.choose(&[&check], &[]).unwrap().len(), 1);
}
