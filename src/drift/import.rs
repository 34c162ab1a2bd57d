//! Import blocks that bring unmanaged objects under management, and the file of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::result::{Document, DriftItem};

/// Where import blocks will stand.
pub struct Target<'a> {
    /// The region of the provider without an alias.
    pub primary: &'a str,
    /// Whether several accounts are audited: then no provider goes without saying.
    pub accounts: bool,
}

/// Gives each unmanaged object of `items` its block, or says why it has none. `ids` holds what `terraform import` takes,
/// in the order of the items; `taken` tells whether the root module of a state has a resource `TYPE.NAME` already.
pub fn blocks(
    items: &mut [DriftItem],
    ids: &[Option<String>],
    certain: bool,
    target: &Target,
    taken: impl Fn(&str) -> bool,
) {
    let mut given: BTreeSet<String> = BTreeSet::new();
    for (item, id) in items.iter_mut().zip(ids).filter(|(item, _)| item.class == "unmanaged") {
        match why_not(item, id.as_deref(), certain) {
            Ok(id) => {
                let address = free_name(item, &given, &taken);
                item.import_block = Some(block(&address, id, alias(item, target).as_deref()));
                given.insert(address);
            }
            Err(why) => item.no_import = Some(why),
        }
    }
}

fn why_not<'a>(item: &DriftItem, id: Option<&'a str>, certain: bool) -> Result<&'a str, String> {
    if let Some(owner) = &item.owner {
        return Err(format!("a part of {owner}: declare it there"));
    }
    if !certain {
        // It must not be imported into one state while another may hold it.
        return Err("a state that could not be read may hold it".to_owned());
    }
    match (id, item.reasons.first()) {
        (Some(id), _) if id.contains(char::is_control) => {
            Err("its id cannot be written in a file".to_owned())
        }
        (Some(id), _) => Ok(id),
        (None, Some(reason)) => Err(reason.clone()),
        (None, None) => Err("Terraform cannot import it by what is known of it".to_owned()),
    }
}

fn block(address: &str, id: &str, alias: Option<&str>) -> String {
    let provider = alias.map(|alias| format!("\n  provider = aws.{alias}")).unwrap_or_default();
    let width = if alias.is_some() { "provider".len() } else { "to".len() };
    let mut text =
        format!("import {{\n  {:width$} = {address}\n  {:width$} = \"{}\"", "to", "id", quoted(id));
    text.push_str(&provider);
    text.push_str("\n}");
    text
}

/// Text between the quotes of HCL, where `${` and `%{` would begin a template.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${").replace("%{", "%%{")
}

/// The alias of the provider that an object needs; none where the one without an alias does.
fn alias(item: &DriftItem, target: &Target) -> Option<String> {
    let global = item.region == stateward_model::GLOBAL;
    let region = if global { target.primary } else { &item.region };
    let name = region.replace('-', "_");
    match target.accounts {
        true => Some(format!("{name}_{}", item.account)),
        false => (region != target.primary).then_some(name),
    }
}

/// `TYPE.NAME` after what people call the object, and another where that is taken.
fn free_name(item: &DriftItem, given: &BTreeSet<String>, taken: &impl Fn(&str) -> bool) -> String {
    let called = item.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&item.id);
    let plain = format!("{}.{}", item.kind, identifier(called));
    let free = |address: &String| !given.contains(address) && !taken(address);
    let placed = format!("{plain}_{}", item.region.replace('-', "_"));
    let counted = (2..).map(|number| format!("{plain}_{number}"));
    // The count has no end, so one of them is free.
    [plain.clone(), placed].into_iter().chain(counted).find(free).unwrap_or_default()
}

/// A name that Terraform accepts: letters, digits and `_`, not starting with a digit.
fn identifier(text: &str) -> String {
    const LONGEST: usize = 64;
    let mut name: String = text
        .chars()
        .take(LONGEST)
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' })
        .collect();
    if !name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        name.insert_str(0, "imported_");
    }
    name
}

/// Whether the root module that the sorted `addresses` are of has a resource `TYPE.NAME`, with or without an index.
pub fn has_resource<T>(addresses: &BTreeMap<String, T>, name: &str) -> bool {
    let mut from = addresses.range(name.to_owned()..).map(|(address, _)| address.as_str());
    from.next().is_some_and(|first| first == name)
        || addresses
            .range(format!("{name}[")..)
            .next()
            .is_some_and(|(address, _)| address.strip_prefix(name).is_some_and(|rest| rest.starts_with('[')))
}

/// The blocks of a result as a file for `terraform plan -generate-config-out`.
pub fn file(document: &Document) -> String {
    let run = &document.run;
    let mut text = format!(
        "# Import blocks for what no state has, as of {} (stateward {}, run {}).\n\
         # `terraform plan -generate-config-out=generated.tf` shows what they bring in and drafts its configuration.\n\
         # Delete a block for what another team, tool or state manages.\n",
        run.as_of, run.version, run.id
    );
    let Some(drift) = &document.drift else { return text };
    let items = || drift.items.iter().filter(|item| item.class == "unmanaged");
    let mut aliases: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for item in items() {
        let block = item.import_block.as_deref().unwrap_or_default();
        if let Some(alias) = block.lines().find_map(|line| line.trim().strip_prefix("provider = aws.")) {
            aliases.insert(alias.to_owned(), (&item.region, &item.account));
        }
    }
    if !aliases.is_empty() {
        text.push_str(
            "#\n# They name these providers; where your configuration lacks one, add it without the `#`:\n",
        );
    }
    for (alias, (region, account)) in aliases {
        let region = if region == stateward_model::GLOBAL { "the primary region" } else { region };
        let _ = write!(
            text,
            "#\n# provider \"aws\" {{ # account {}\n#   alias  = \"{alias}\"\n#   region = \"{}\"\n# }}\n",
            comment(account),
            comment(region)
        );
    }
    let mut number = 0;
    for item in items() {
        if let Some(block) = &item.import_block {
            number += 1;
            let _ = write!(text, "\n{block}\n");
        }
    }
    if number == 0 {
        text.push_str("\n# There is nothing to import.\n");
    }
    let skipped: Vec<(&DriftItem, &String)> =
        items().filter_map(|item| Some((item, item.no_import.as_ref()?))).collect();
    if !skipped.is_empty() {
        text.push_str("\n# Not among them:\n");
    }
    for (item, why) in skipped {
        let _ = writeln!(text, "# {} {} in {}: {}", item.kind, comment(&item.id), item.region, comment(why));
    }
    text
}

/// Text that stays in its comment.
fn comment(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn item(kind: &str, id: &str, region: &str) -> DriftItem {
        DriftItem {
            class: "unmanaged".into(),
            kind: kind.into(),
            id: id.into(),
            account: "123456789012".into(),
            region: region.into(),
            ..DriftItem::default()
        }
    }

    fn given(items: &mut [DriftItem], taken: &[&str], accounts: bool) {
        let ids: Vec<Option<String>> = items.iter().map(|item| Some(item.id.clone())).collect();
        let target = Target { primary: "us-west-2", accounts };
        blocks(items, &ids, true, &target, |name| taken.contains(&name));
    }

    fn to(item: &DriftItem) -> &str {
        let block = item.import_block.as_deref().unwrap();
        block.lines().find_map(|line| line.trim().strip_prefix("to")).unwrap().trim_start_matches([' ', '='])
    }

    #[test]
    fn names_are_unique_and_free() {
        let mut items = [
            item("aws_db_instance", "orders", "us-west-2"),
            item("aws_db_instance", "orders", "us-east-1"),
            item("aws_db_instance", "Orders", "us-east-1"),
            item("aws_instance", "orders", "us-west-2"),
            item("aws_instance", "1-a", "us-west-2"),
        ];
        items[4].name = Some(" ".into());
        given(&mut items, &["aws_instance.orders"], false);
        let names: Vec<&str> = items.iter().map(to).collect();
        assert_eq!(
            names,
            [
                "aws_db_instance.orders",
                "aws_db_instance.orders_us_east_1",
                "aws_db_instance.orders_2",
                "aws_instance.orders_us_west_2",
                "aws_instance.imported_1_a",
            ]
        );
    }

    #[test]
    fn a_provider_is_named_where_the_default_one_is_another() {
        let mut items = [item("aws_vpc", "vpc-1", "eu-west-1"), item("aws_iam_role", "r", "global")];
        given(&mut items, &[], false);
        assert_eq!(
            items[0].import_block.as_deref().unwrap(),
            "import {\n  to       = aws_vpc.vpc_1\n  id       = \"vpc-1\"\n  provider = aws.eu_west_1\n}"
        );
        assert_eq!(
            items[1].import_block.as_deref().unwrap(),
            "import {\n  to = aws_iam_role.r\n  id = \"r\"\n}"
        );
        given(&mut items, &[], true);
        assert!(items[1].import_block.as_deref().unwrap().contains("aws.us_west_2_123456789012"));
    }

    #[test]
    fn what_cannot_be_imported_says_why() {
        let mut part = item("aws_security_group_rule", "sg-1:x", "us-west-2");
        part.owner = Some("aws_security_group.a".into());
        let mut guess = item("aws_ebs_volume", "vol-1", "us-west-2");
        guess.reasons = vec!["a scaling group may have left it behind".into()];
        let mut items = [part, guess, item("aws_instance", "i-1", "us-west-2")];
        let target = Target { primary: "us-west-2", accounts: false };
        blocks(&mut items, &[None, None, None], true, &target, |_| false);
        let why = |item: &DriftItem| item.no_import.clone().unwrap();
        assert!(why(&items[0]).contains("aws_security_group.a") && why(&items[1]).contains("scaling group"));
        assert!(why(&items[2]).contains("cannot import") && items[2].import_block.is_none());
        blocks(&mut items, &[None, None, Some("i-1".into())], false, &target, |_| false);
        assert!(items[2].import_block.is_none() && why(&items[2]).contains("could not be read"));
    }

    #[test]
    fn a_resource_is_found_with_and_without_an_index() {
        let addresses = [
            "aws_vpc.a",
            "aws_vpc.a_b",
            "aws_vpc.b[0]",
            "aws_vpc.c-1",
            "aws_vpc.c[\"x\"]",
            "module.m.aws_vpc.d",
        ];
        let addresses: BTreeMap<String, ()> = addresses.map(|name| (name.to_owned(), ())).into();
        let has = |name: &str| has_resource(&addresses, name);
        assert!(has("aws_vpc.a") && has("aws_vpc.b") && has("aws_vpc.c"));
        assert!(!has("aws_vpc") && !has("aws_vpc.d") && !has("aws_vpc.a_") && !has("aws_vpc.z"));
    }

    /// What Terraform makes of text between quotes; a template or an unknown escape is a fault.
    fn read(quoted: &str) -> String {
        let (mut text, mut rest) = (String::new(), quoted);
        while let Some(letter) = rest.chars().next() {
            let (read, length) = match letter {
                '\\' => (&rest[1..2], 2),
                '$' if rest.starts_with("$${") => ("${", 3),
                '%' if rest.starts_with("%%{") => ("%{", 3),
                '$' | '%' if rest[1..].starts_with('{') => panic!("a template in {quoted}"),
                '"' => panic!("the end of the text in {quoted}"),
                plain => (&rest[..plain.len_utf8()], plain.len_utf8()),
            };
            assert!(letter != '\\' || matches!(read, "\\" | "\""), "{quoted}");
            text.push_str(read);
            rest = &rest[length..];
        }
        text
    }

    proptest! {
        #[test]
        fn whatever_the_id_the_file_stays_terraform(id in ".{0,80}", name in proptest::option::of(".{0,20}")) {
            let mut items = [DriftItem { name, ..item("aws_s3_bucket", &id, "us-west-2") }];
            given(&mut items, &[], false);
            let Some(block) = &items[0].import_block else {
                prop_assert!(id.contains(char::is_control));
                return Ok(());
            };
            let lines: Vec<&str> = block.lines().collect();
            prop_assert_eq!(lines.len(), 4, "{}", block);
            let written = lines[2].strip_prefix("  id = \"").and_then(|rest| rest.strip_suffix('"')).unwrap();
            prop_assert_eq!(read(written), id);
            let name = to(&items[0]).strip_prefix("aws_s3_bucket.").unwrap();
            prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        }
    }
}
