//! Tests of profiles.

use std::io;
use std::path::Path;

use miette::{GraphicalReportHandler, GraphicalTheme};
use time::macros::date;

use super::*;

/// Loads one file layer over the default.
pub(super) fn over(text: &str) -> Result<Profile, ProfileError> {
    Profile::load(&["team.toml".to_owned()], |_| Ok(text.to_owned()))
}

pub(super) fn refused(text: &str) -> String {
    rendered(&over(text).unwrap_err())
}

fn rendered(error: &ProfileError) -> String {
    let mut out = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    handler.render_report(&mut out, error).unwrap();
    out
}

fn no_file(_: &Path) -> io::Result<String> {
    Err(io::ErrorKind::NotFound.into())
}

#[test]
fn every_built_in_profile_loads() {
    for (name, _) in BUILT_IN {
        Profile::load(&[(*name).to_owned()], no_file).unwrap_or_else(|error| panic!("{}", rendered(&error)));
    }
}

#[test]
fn the_default_holds_the_published_weights_and_thresholds() {
    let profile = Profile::built_in_default().unwrap();
    let weights: Vec<i128> = profile.weights.each().iter().map(|(_, c)| c.weight.to_integer()).collect();
    assert_eq!(weights, [15, 12, 10, 15, 12, 10, 8, 8, 5, 5]);
    let thresholds: Vec<i128> = profile.criteria.each().iter().map(|(_, t)| t.to_integer()).collect();
    assert_eq!(thresholds, [85, 80, 75, 70, 80]);
    assert_eq!(profile.objectives.availability, Exact::new(999, 10));
    assert_eq!(profile.role("us-west-2"), Role::Primary);
    assert_eq!((profile.zones_in("us-west-2"), profile.zones_in("eu-west-1")), (3, 2));
}

#[test]
fn the_impact_profile_reproduces_its_published_mean() {
    let profile = Profile::load(&["impact".to_owned()], no_file).unwrap();
    let scores = [95, 94, 90, 97, 92, 95, 88, 89, 93, 91];
    let weights = profile.weights.each();
    let sum: Exact = weights.iter().map(|(_, c)| c.weight).sum();
    let total: Exact =
        weights.iter().zip(scores).map(|((_, c), score)| c.weight * Exact::from_integer(score)).sum();
    assert_eq!(total / sum, Exact::new(2510, 27), "92.9630 in scoring.md §1");
    assert_eq!(profile.weights.dr.impact, Level::Critical, "the words stay those of the default");
}

#[test]
fn the_default_spells_every_key_out() {
    let table: toml::Table = BUILT_IN[0].1.parse().unwrap();
    let profile = Profile::built_in_default().unwrap();
    assert!(table.keys().eq(profile.table().keys()));
    assert!(!profile.to_toml().contains("command line"), "each key comes from the file, none from code");
}

#[test]
fn an_unknown_key_is_shown_at_its_place_with_the_near_one() {
    insta::assert_snapshot!(refused("[criteria]\nsecurity = 90\nrelaibility = 85\n"));
}

#[test]
fn a_value_of_the_wrong_type_is_shown_with_its_key() {
    insta::assert_snapshot!(refused("[backup]\nretention_days = \"a week\"\n"));
}

#[test]
fn text_that_is_not_toml_is_shown_at_its_place() {
    insta::assert_snapshot!(refused("[criteria]\nsecurity 90\n"));
}

#[test]
fn a_wrong_word_gets_the_near_one() {
    insta::assert_snapshot!(refused("[score]\ngate = \"maped\"\n"));
}

#[test]
fn an_unknown_region_gets_the_near_name_and_the_table() {
    insta::assert_snapshot!(refused("[[regions]]\nname = \"us-wset-2\"\nrole = \"primary\"\n"));
}

#[test]
fn a_waiver_over_ninety_days_is_refused() {
    insta::assert_snapshot!(refused(&waiver("granted = 2026-01-01\nexpires = 2026-04-02")));
    assert!(over(&waiver("granted = 2026-01-01\nexpires = 2026-04-01")).is_ok(), "ninety days are allowed");
}

#[test]
fn tags_are_required_by_keys_that_a_tag_can_have() {
    let required = |keys: &str| over(&format!("[state]\nrequired_tags = [{keys}]\n"));
    assert_eq!(required("\"Owner\", \"Cost Centre\"").unwrap().state.required_tags, ["Owner", "Cost Centre"]);
    assert!(Profile::built_in_default().unwrap().state.required_tags.is_empty());
    let long = format!("\"{}\"", "k".repeat(129));
    for keys in ["\"\"", "\" \"", "\"aws:cloudformation:stack-name\"", "\"Owner\", \"Owner\"", long.as_str()]
    {
        let error = required(keys).unwrap_err();
        assert!(rendered(&error).contains("state.required_tags["), "{keys}: {}", rendered(&error));
    }
}

#[test]
fn an_unknown_built_in_name_lists_all() {
    let error = Profile::load(&["strcit".to_owned()], no_file).unwrap_err();
    insta::assert_snapshot!(rendered(&error));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Profile::load(&["team.toml".to_owned()], no_file).unwrap_err();
    assert!(rendered(&error).contains("team.toml"), "{}", rendered(&error));
}

fn waiver(dates: &str) -> String {
    format!(
        "[[waivers]]\ncheck = \"STO-18\"\nresource = \"aws_db_instance.*\"\nowner = \"data\"\napprover = \"ciso\"\n\
         reason = \"migration\"\nticket = \"OPS-1\"\n{dates}\n"
    )
}

#[test]
fn a_waiver_stands_only_between_its_dates() {
    let profile = over(&waiver("granted = 2026-01-10\nexpires = 2026-02-10")).unwrap();
    let standing = |day| profile.waivers_on(day).map(|(_, _, standing)| standing).collect::<Vec<_>>();
    assert_eq!(standing(date!(2026 - 01 - 09)), [Standing::NotYet]);
    assert_eq!(standing(date!(2026 - 01 - 10)), [Standing::Active]);
    assert_eq!(standing(date!(2026 - 02 - 10)), [Standing::Active]);
    assert_eq!(standing(date!(2026 - 02 - 11)), [Standing::Expired]);
    assert!(profile.waivers[0].covers("STO-18", ["db-1", "aws_db_instance.main"]));
    assert!(!profile.waivers[0].covers("STO-19", ["aws_db_instance.main"]));
    assert!(!profile.waivers[0].covers_component("storage"));
}

#[test]
fn refusals_name_the_rule() {
    let cases = [
        (
            "[[regions]]\nname='us-east-1'\nrole='primary'\n[[regions]]\nname='us-east-1'\nrole='dr'",
            "listed twice",
        ),
        (
            "[[regions]]\nname='us-east-1'\nrole='primary'\n[[regions]]\nname='us-east-2'\nrole='primary'",
            "primary",
        ),
        ("regions = []", "names no region"),
        ("[weights.dr]\nweight = -1", "`weights.dr.weight` is negative"),
        ("[score]\noverall_cap = 85", "critical failure"),
        ("[criteria]\noverall = 70", "critical failure"),
        ("[score]\nmodel = 'other'", "stateward.score/1"),
        ("[score.severity]\nlow = 20", "weighs more"),
        ("[criteria]\nsecurity = 100", "out of range"),
        ("[objectives]\nrpo = '5 minutes'", "not a duration"),
        ("[environments]\nnonproduction_weight = 0.1", "1 or 0.25"),
        ("[accounts]\nknown = ['1234']", "12 digits"),
        ("[collection]\nconcurrency = 0", "1 to 256"),
        ("[collection]\nattribution_lookups = 10001", "0 to 10000"),
        ("[checks]\ndisable = ['NET-01', 'NET-01']", "twice"),
        ("[[ignore]]\npath = '*'\nreason = 'r'\nowner = 'o'", "hide every difference"),
        ("[[ignore]]\npath = 'tags'\nreason = ''\nowner = 'o'", "`ignore[0].reason` is empty"),
        (
            "[[waivers]]\ncomponent = 'contaner'\nowner='o'\napprover='a'\nreason='r'\nticket='t'\n\
          granted=2026-01-01\nexpires=2026-01-02",
            "did you mean `container`?",
        ),
        (
            "[[waivers]]\ncheck = 'STO-18'\nowner='o'\napprover='a'\nreason='r'\nticket='t'\n\
          granted=2026-01-01\nexpires=2026-01-02",
            "names a check with its resource",
        ),
        (
            "[[waivers]]\ncheck = 'STO-18'\nresource='*'\nowner='o'\napprover='a'\nreason='r'\nticket='t'\n\
          granted='2026-01-01'\nexpires=2026-01-02",
            "without quotes",
        ),
        ("[network]\npublic_ports = [70000]", "70000"),
        ("weights = 3", "weights"),
    ];
    for (text, expected) in cases {
        let said = refused(text);
        assert!(said.contains(expected), "{text}\n{said}");
        assert!(said.contains("team.toml"), "the file is named: {said}");
    }
}

#[test]
fn weights_need_not_sum_to_a_hundred_but_not_to_zero() {
    assert!(over("[weights.dr]\nweight = 50").is_ok());
    let zero: String = COMPONENT_KEYS.iter().map(|key| format!("[weights.{key}]\nweight = 0\n")).collect();
    assert!(refused(&zero).contains("sum to zero"));
}

#[test]
fn tables_merge_by_key_and_arrays_are_replaced() {
    let texts = [
        ("a.toml", "[network]\npublic_ports = [443]\n[criteria]\nsecurity = 90\n"),
        ("b.toml", "[criteria]\nsecurity = 91.5\n[weights]\ndr.weight = 20\n"),
    ];
    let read = |path: &Path| {
        let found = texts.iter().find(|(name, _)| Path::new(name) == path);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    let profile = Profile::load(&["a.toml".to_owned(), "b.toml".to_owned()], read).unwrap();
    assert_eq!(profile.network.public_ports, [443]);
    assert_eq!(profile.network.administration_ports, [22, 3389], "untouched keys stay");
    assert_eq!(profile.criteria.security, Exact::new(183, 2), "the later layer wins");
    assert_eq!(profile.weights.dr.weight, Exact::from_integer(20));
    assert_eq!(profile.weights.dr.impact, Level::Critical);
    let printed = profile.to_toml();
    assert!(printed.contains("security = 91.5  # b.toml"), "{printed}");
    assert!(printed.contains("public_ports = [443]  # a.toml"), "{printed}");
    assert!(printed.contains("reliability = 80  # default (built in)"), "{printed}");
}

#[test]
fn a_fault_is_shown_in_the_layer_that_holds_it() {
    let read = |path: &Path| {
        Ok(if path.ends_with("a.toml") { "[zones]\nprimary = 9\n" } else { "[zones]\nother = 1" }.to_owned())
    };
    let error = Profile::load(&["a.toml".to_owned(), "b.toml".to_owned()], read).unwrap_err();
    let said = rendered(&error);
    assert!(said.contains("a.toml:2:11"), "{said}");
}

#[test]
fn the_printed_profile_loads_to_the_same() {
    let text = format!(
        "{}\n[[ignore]]\nid = \"asg\"\ntype = \"aws_autoscaling_group\"\npath = \"desired_capacity\"\n\
         reason = \"scaling\"\nowner = \"platform\"\nexpires = 2026-12-31\n[collection.rates]\nec2 = 5\n\"odd. key\" = 6\n",
        waiver("granted = 2026-01-10\nexpires = 2026-02-10")
    );
    let profile = over(&text).unwrap();
    let again = over(&profile.to_toml()).unwrap_or_else(|error| panic!("{}", rendered(&error)));
    assert_eq!(again.hash(), profile.hash());
    assert_eq!(again.table(), profile.table());
    assert_eq!(again.collection.rates["odd. key"], 6);
    assert_eq!(again.waivers, profile.waivers);
}

#[test]
fn the_hash_follows_what_judges_and_nothing_else() {
    let hash = |text: &str| over(text).unwrap().hash();
    let plain = Profile::built_in_default().unwrap().hash();
    assert_eq!(hash("# a comment"), plain);
    assert_eq!(hash("[collection]\nconcurrency = 1"), plain);
    assert_eq!(hash("[history]\nkeep_runs = 5"), plain);
    assert_ne!(hash("[criteria]\nsecurity = 86"), plain);
    assert_eq!(hash("[drift]\nattribution = true\npseudonyms = true"), plain);
    // What a pipeline made is no drift, and without events nobody knows of some of it.
    let pipelines = hash("[drift]\npipeline_roles = [\"deploy\"]");
    assert_ne!(pipelines, plain);
    assert_ne!(hash("[drift]\npipeline_roles = [\"deploy\"]\nattribution = true"), pipelines);
    assert_eq!(plain.len(), 64);
}

#[test]
fn regions_of_the_command_line_keep_their_role() {
    let mut profile = Profile::built_in_default().unwrap();
    profile.select_regions(&["eu-west-1".into(), "eu-north-1".into(), "eu-west-1".into()]).unwrap();
    let roles: Vec<_> = profile.regions.iter().map(|r| (r.name.as_str(), r.role)).collect();
    assert_eq!(roles, [("eu-west-1", Role::Dr), ("eu-north-1", Role::Other)]);
    assert!(profile.to_toml().contains("[[regions]]  # command line"));
    let error = profile.select_regions(&["eu-wets-1".into()]).unwrap_err();
    assert!(rendered(&error).contains("did you mean `eu-west-1`?"), "{}", rendered(&error));
}

#[test]
fn a_new_region_needs_a_word_for_it() {
    assert!(over("[[regions]]\nname='us-north-1'\nrole='primary'\nunlisted=true").is_ok());
    assert!(refused("[[regions]]\nname='us-north-1'\nrole='primary'").contains("unlisted = true"));
    assert!(
        refused("[[regions]]\nname='Oregon'\nrole='primary'\nunlisted=true").contains("not an AWS region")
    );
}

#[test]
fn names_of_checks_are_held_against_the_catalogue() {
    let profile = over("[checks]\ndisable = [\"NET-01\", \"NTE-02\"]").unwrap();
    let error = profile.verify_checks(&["NET-01", "NET-02"]).unwrap_err();
    assert!(rendered(&error).contains("did you mean `NET-02`?"), "{}", rendered(&error));
    assert!(profile.verify_checks(&["NET-01", "NTE-02"]).is_ok());
}

#[test]
fn buckets_log_groups_and_environments_are_classed() {
    let profile = Profile::built_in_default().unwrap();
    assert_eq!(profile.storage.class("orders"), BucketClass::Data);
    assert_eq!(profile.storage.class("alb-logs-eu"), BucketClass::Log);
    assert_eq!(profile.logs.required_days("/aws/cloudtrail/main"), 365);
    assert_eq!(profile.logs.required_days("/app"), 30);
    let tagged = |value: &str| BTreeMap::from([("environment".to_owned(), value.to_owned())]);
    assert!(profile.environments.is_production(&tagged("Production")));
    assert!(!profile.environments.is_production(&tagged("staging")));
    assert!(profile.environments.is_production(&BTreeMap::new()), "silence does not lower the demand");
}

#[test]
fn an_ignore_rule_covers_what_it_names() {
    let profile = over(
        "[[ignore]]\ntype='aws_instance'\naddress='module.web[\"blue\"].*'\npath='tags.*'\nreason='r'\nowner='o'",
    )
    .unwrap();
    let rule = &profile.ignore[0];
    assert_eq!(rule.name(0), "ignore[0]");
    assert!(rule.covers("aws_instance", "module.web[\"blue\"].aws_instance.app[0]", "tags.Name"));
    assert!(!rule.covers("aws_instance", "aws_instance.app", "tags.Name"));
    assert!(!rule.covers("aws_s3_bucket", "module.web[\"blue\"].x", "tags.Name"));
}
