//! Names that are alike but for their region: how the same thing is found in two regions.

/// `web-us-west-2` and `web-eu-west-1` are the same thing in two regions, and so are `web-usw2` and `web-euw1`.
pub fn without_region(name: &str, region: &str) -> String {
    name.replace(region, "").replace(&short(region), "")
}

/// `usw2` for `us-west-2`, `apse1` for `ap-southeast-1`: how names abbreviate regions.
fn short(region: &str) -> String {
    const WORDS: &[(&str, &str)] =
        &[("north", "n"), ("south", "s"), ("east", "e"), ("west", "w"), ("central", "c"), ("gov", "g")];
    let mut parts = region.split('-');
    let area = parts.next().unwrap_or_default().to_owned();
    let rest = parts.fold(String::new(), |all, part| all + part);
    area + &WORDS.iter().fold(rest, |rest, (word, letter)| rest.replace(word, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_alike_but_for_their_region() {
        assert_eq!(short("us-west-2"), "usw2");
        assert_eq!(short("ap-southeast-1"), "apse1");
        let alike = |a: &str, b: &str| without_region(a, "us-west-2") == without_region(b, "eu-west-1");
        assert!(alike("acme-usw2-web", "acme-euw1-web") && alike("web-us-west-2", "web-eu-west-1"));
        assert!(!alike("acme-usw2-web", "acme-euw1-api"));
    }
}
