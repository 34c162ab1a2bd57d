//! Schema versions: how a provider writes the attributes of a type into a state (N31).

/// Types of which newer schemas are known; of all others that is version 1. The attributes that were renamed between them
/// (`name` and `db_name` of a database, `replication_group_description` and `description`) are keys of their kinds by
/// both names.
const NEWEST: &[(&str, u64)] = &[
    ("aws_db_instance", 2),
    ("aws_elasticache_replication_group", 2),
    ("aws_instance", 2),
    ("aws_route53_record", 2),
    ("aws_security_group_rule", 2),
];

/// The newest schema version of a type whose attributes are known.
pub fn newest_known(kind: &str) -> u64 {
    NEWEST.iter().find(|(name, _)| *name == kind).map_or(1, |(_, version)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;

    #[test]
    fn every_entry_is_a_kind() {
        assert!(NEWEST.iter().all(|(name, version)| kinds::find(name).is_some() && *version > 1));
        assert_eq!((newest_known("aws_instance"), newest_known("aws_vpc")), (2, 1));
    }
}
