//! Where the traffic of a subnet goes, and to which tier and zone a subnet belongs.

use ipnet::IpNet;
use stateward_model::kinds::ec2::network::{route_table, route_table_association, subnet};
use stateward_model::{Cause, Gap, Resource};

use super::facts::known_tags;
use crate::check::View;

/// What takes the traffic of a subnet to everywhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// An internet gateway: the subnet is public.
    Internet,
    /// A NAT gateway, by id.
    Nat(String),
    /// A transit gateway, an appliance, or anything else.
    Elsewhere,
    /// There is no default route.
    None,
}

/// True for a range that holds every address of its family.
pub fn is_everywhere(range: &str) -> bool {
    range.parse::<IpNet>().is_ok_and(|net| net.prefix_len() == 0)
}

/// The route table of a subnet: the one that it is associated with, else the main table of its VPC.
///
/// # Errors
/// The gap where it is not known.
pub fn table_of<'a>(resource: &Resource, view: &View<'a>) -> Result<&'a Resource, Gap> {
    let place = &resource.address.place;
    let none = |detail: String| Gap::new("ec2:DescribeRouteTables", Cause::Malformed, detail);
    let own = view.inventory.lookup(&route_table_association::KIND, place, resource.id())?;
    if let Some(association) = own {
        let id = association.get_or_default(&route_table_association::ROUTE_TABLE_ID)?;
        let table = view.inventory.lookup(&route_table::KIND, place, &id)?;
        return table.ok_or_else(|| none(format!("the route table {id} is not listed")));
    }
    let vpc = resource.get_or_default(&subnet::VPC_ID)?;
    let mut gap = None;
    for table in view.inventory.all_in(&route_table::KIND, place)? {
        match (table.get_or_default(&route_table::VPC_ID), table.get_or_default(&route_table::MAIN)) {
            (Ok(of), Ok(true)) if of == vpc => return Ok(table),
            (Ok(_), Ok(_)) => {}
            (Err(unread), _) | (_, Err(unread)) => gap = gap.or(Some(unread)),
        }
    }
    Err(gap.unwrap_or_else(|| none(format!("the main route table of {vpc} is not listed"))))
}

/// Where traffic to everywhere else leaves a subnet.
///
/// # Errors
/// The gap where its routes are not known.
pub fn way_out(resource: &Resource, view: &View) -> Result<Way, Gap> {
    let routes = table_of(resource, view)?.get_or_default(&route_table::ROUTE)?;
    let default: Vec<_> =
        routes.iter().filter(|route| route.destination().is_some_and(is_everywhere)).collect();
    if default.iter().any(|route| route.gateway_id.as_deref().is_some_and(|id| id.starts_with("igw-"))) {
        return Ok(Way::Internet);
    }
    let nat = default.iter().find_map(|route| route.nat_gateway_id.clone().filter(|id| !id.is_empty()));
    match nat {
        Some(id) => Ok(Way::Nat(id)),
        None if default.is_empty() => Ok(Way::None),
        None => Ok(Way::Elsewhere),
    }
}

/// The tier of a subnet: its `Tier` tag, else `public`, `private` or `isolated` after its default route.
///
/// # Errors
/// The gap where neither is known.
pub fn tier(resource: &Resource, view: &View) -> Result<String, Gap> {
    let tags = known_tags(resource)?;
    if let Some((_, tier)) = tags.iter().find(|(key, _)| key.eq_ignore_ascii_case("tier")) {
        return Ok(tier.to_lowercase());
    }
    Ok(match way_out(resource, view)? {
        Way::Internet => "public",
        Way::Nat(_) | Way::Elsewhere => "private",
        Way::None => "isolated",
    }
    .to_owned())
}

/// The zone of a subnet: its id, which is the same in all accounts, or else its name.
///
/// # Errors
/// The gap where it is not known.
pub fn zone_of(resource: &Resource) -> Result<String, Gap> {
    let id = resource.get_or_default(&subnet::AVAILABILITY_ZONE_ID)?;
    if id.is_empty() { resource.get_or_default(&subnet::AVAILABILITY_ZONE) } else { Ok(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everywhere_is_a_range_without_prefix() {
        assert!(is_everywhere("0.0.0.0/0") && is_everywhere("::/0"));
        assert!(!is_everywhere("0.0.0.0/1") && !is_everywhere("10.0.0.0/8") && !is_everywhere("pl-1234"));
    }
}
