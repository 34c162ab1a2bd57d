//! What the fake holds: per unit of scale 60 instances, 40 volumes, 30 buckets, 20 tables, 10 databases, 24 security
//! groups, 9 keys, 3 VPCs and 9 subnets, spread evenly over three regions. Every second thing of a kind is set up well.

/// The account.
pub(super) const ACCOUNT: &str = "123456789012";

/// The regions.
pub(super) const REGIONS: [&str; 3] = ["us-west-2", "us-east-1", "eu-west-1"];

/// How many of a kind there are in all regions, per unit of scale.
const COUNTS: [(Kind, usize); 9] = [
    (Kind::Instance, 60),
    (Kind::Volume, 40),
    (Kind::Bucket, 30),
    (Kind::Table, 20),
    (Kind::Database, 10),
    (Kind::SecurityGroup, 24),
    (Kind::Key, 9),
    (Kind::Vpc, 3),
    (Kind::Subnet, 9),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Instance,
    Volume,
    Bucket,
    Table,
    Database,
    SecurityGroup,
    Key,
    Vpc,
    Subnet,
}

/// One thing of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Thing {
    /// Counted over all regions.
    pub(super) number: usize,
    /// Index of its region.
    pub(super) place: usize,
    /// Encrypted, backed up, highly available, as the kind has it.
    pub(super) good: bool,
}

impl Thing {
    pub(super) fn region(self) -> &'static str {
        REGIONS[self.place]
    }

    /// One of the region's zones.
    pub(super) fn zone(self) -> String {
        let letter = ["a", "b", "c"][(self.number / REGIONS.len()) % 3];
        format!("{}{letter}", self.region())
    }

    /// An id as EC2 makes them: `i-0000000000000002a`.
    pub(super) fn id(self, prefix: &str) -> String {
        format!("{prefix}-{:017x}", self.number)
    }

    /// A UUID, as KMS uses them.
    pub(super) fn uuid(self) -> String {
        format!("00000000-0000-4000-8000-{:012x}", self.number)
    }

    /// The thing of another kind in the same region that this one belongs to.
    pub(super) fn partner(self, per_region: usize) -> Self {
        let index = (self.number / REGIONS.len()) % per_region.max(1);
        Self { number: index * REGIONS.len() + self.place, ..self }
    }
}

pub(super) struct Estate {
    scale: usize,
}

impl Estate {
    pub(super) fn new(scale: usize) -> Self {
        Self { scale }
    }

    fn count(&self, kind: Kind) -> usize {
        COUNTS.iter().filter(|(of, _)| *of == kind).map(|(_, count)| count * self.scale).sum()
    }

    /// How many of a kind each region has at least.
    pub(super) fn per_region(&self, kind: Kind) -> usize {
        self.count(kind) / REGIONS.len()
    }

    /// All things of all kinds.
    pub(super) fn resources(&self) -> usize {
        COUNTS.iter().map(|(kind, _)| self.count(*kind)).sum()
    }

    /// All things of a kind, in the order of their numbers.
    pub(super) fn all(&self, kind: Kind) -> Vec<Thing> {
        let thing = |number| {
            let place = number % REGIONS.len();
            Thing { number, place, good: (number / REGIONS.len()).is_multiple_of(2) }
        };
        (0..self.count(kind)).map(thing).collect()
    }

    /// Those of one region.
    pub(super) fn of(&self, kind: Kind, region: &str) -> Vec<Thing> {
        self.all(kind).into_iter().filter(|thing| thing.region() == region).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_the_budgets_are_stated_for() {
        assert_eq!(Estate::new(1).resources(), 205);
        assert_eq!(Estate::new(10).resources(), 2050);
        let estate = Estate::new(1);
        let volumes: Vec<usize> =
            REGIONS.iter().map(|region| estate.of(Kind::Volume, region).len()).collect();
        assert_eq!(volumes, vec![14, 13, 13]);
    }

    #[test]
    fn partners_are_in_the_same_region_and_exist() {
        let estate = Estate::new(2);
        for instance in estate.all(Kind::Instance) {
            let subnet = instance.partner(estate.per_region(Kind::Subnet));
            assert_eq!(subnet.place, subnet.number % REGIONS.len());
            assert_eq!(subnet.region(), instance.region());
            assert!(subnet.number < estate.count(Kind::Subnet));
        }
    }
}
