//! Typed attribute keys: the only way into a resource's values, each with its declared equality.

use std::marker::PhantomData;

/// How a declared and a live value of one attribute are compared (drift.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equality {
    /// Equal leaf by leaf, lists in order.
    Exact,
    /// A list whose order means nothing (N1): equal as multisets.
    Set,
    /// A JSON document in a string (N2): equal after parsing.
    Json,
    /// A JSON document in which no list has an order (N2): filter policies, lifecycle rules with priorities.
    UnorderedJson,
    /// An IAM-style policy document (N2): equal by meaning.
    Policy,
    /// A tag map (N6): `aws:` keys and those of controllers do not count.
    Tags,
    /// The tag blocks of a scaling group (N6): a map by their key, compared like tags.
    TagBlocks,
    /// Text whose case and runs of spaces mean nothing (N22).
    CaseFold,
    /// A name, id or ARN of the same thing (N23): an ARN equals its last segment.
    Reference,
    /// A domain name (N21): case, the trailing dot and octal escapes mean nothing.
    Domain,
    /// The value of a TXT record (N21): where it is cut into strings, and octal escapes, mean nothing.
    Txt,
    /// An address or address range (N22): equal as networks.
    Cidr,
    /// An engine version (N16): the declared one may be a prefix, at a dot, of the live one.
    Version,
    /// Never compared; the reason is required (N5: computed, volatile, never returned by the API, live only).
    Never(&'static str),
}

/// What a value that is null, or not there, is equal to (N4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Equal to nothing but itself.
    Distinct,
    /// Equal to `""`, `[]`, `{}` and to blocks that hold nothing else.
    Empty,
    /// As `Empty`, and equal to `false` and `0` too.
    Zero,
    /// As `Empty`, and equal to this server default, written as JSON.
    Default(&'static str),
    /// As `Empty`, and a declared absence equals every live value: the provider leaves it absent when it makes no claim
    /// (the grants of a bucket beside a canned ACL; an argument that came with a later version).
    Unclaimed,
}

/// A rule of its own for a path inside a block attribute, for example `rules.filter`. Indices are left out; `*` stands for
/// the members of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nested {
    /// The path below the attribute, dots between names, without indices.
    pub path: &'static str,
    /// How it is compared.
    pub equality: Equality,
    /// What absence equals.
    pub absent: Absent,
    /// True when the value there is a secret: digested at the door, never shown.
    pub secret: bool,
}

/// An attribute without its type: what a kind lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyAttr {
    /// Name at the top level of the provider's schema.
    pub path: &'static str,
    /// How it is compared.
    pub equality: Equality,
    /// What absence equals.
    pub absent: Absent,
    /// True when its value is a secret: digested at the door, never shown.
    pub secret: bool,
    /// True when Terraform has no such attribute and only the live side can know it.
    pub live_only: bool,
    /// Rules for paths inside.
    pub nested: &'static [Nested],
    /// The operations that read it live; empty when the listing calls of the kind already do.
    pub read_by: &'static [&'static str],
}

/// A typed key of one attribute of one kind, in Terraform's schema shape.
#[derive(Debug)]
pub struct Attr<T> {
    any: AnyAttr,
    value: PhantomData<fn() -> T>,
}

impl<T> Attr<T> {
    /// A key named `path`; absence equals emptiness unless said otherwise.
    pub const fn new(path: &'static str, equality: Equality) -> Self {
        Self {
            any: AnyAttr {
                path,
                equality,
                absent: Absent::Empty,
                secret: false,
                live_only: false,
                nested: &[],
                read_by: &[],
            },
            value: PhantomData,
        }
    }

    /// A fact that only the live side has (no Terraform attribute), for checks.
    pub const fn live(path: &'static str) -> Self {
        let mut key = Self::new(path, Equality::Never("live only"));
        key.any.live_only = true;
        key
    }

    /// Declares what absence equals.
    pub const fn absent(mut self, absent: Absent) -> Self {
        self.any.absent = absent;
        self
    }

    /// Marks the value as a secret.
    pub const fn secret(mut self) -> Self {
        self.any.secret = true;
        self
    }

    /// Declares rules for paths inside a block.
    pub const fn nested(mut self, nested: &'static [Nested]) -> Self {
        self.any.nested = nested;
        self
    }

    /// Declares the operations that read it, in IAM spelling of the operation (`s3:GetBucketVersioning`).
    pub const fn by(mut self, calls: &'static [&'static str]) -> Self {
        self.any.read_by = calls;
        self
    }

    /// The key without its type, for the kind's table.
    pub const fn any(&self) -> AnyAttr {
        self.any
    }

    /// Name at the top level of the provider's schema.
    pub const fn path(&self) -> &'static str {
        self.any.path
    }
}

impl Nested {
    /// A rule for `path`; absence equals emptiness.
    pub const fn new(path: &'static str, equality: Equality) -> Self {
        Self { path, equality, absent: Absent::Empty, secret: false }
    }

    /// Declares what absence equals.
    pub const fn absent(mut self, absent: Absent) -> Self {
        self.absent = absent;
        self
    }

    /// Marks the value there as a secret.
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}
