//! Kinds: what is known about a Terraform type, declared once.

use serde_json::Value;

use crate::attr::AnyAttr;
use crate::gap::Gap;
use crate::resource::Resource;

/// Whether resources of a kind live in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In one region.
    Regional,
    /// In the account, read once (N32).
    Global,
}

/// Why a live object does not count as unmanaged: it is AWS's own, or another controller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The rule of drift.md §4, for example `N17`.
    pub rule: &'static str,
    /// For people.
    pub reason: &'static str,
}

/// How a satellite resource stands to its owner.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// It is one block of the owner (`aws_s3_bucket_public_access_block`).
    Block {
        /// The owner's attribute that holds the block.
        attribute: &'static str,
        /// The satellite's attributes from the owner's value; `None` when the owner has no such block.
        from_owner: fn(&Value) -> Option<serde_json::Map<String, Value>>,
        /// The owner's value from the satellite's attributes, or the gap where an attribute is not known.
        to_owner: fn(&Resource) -> Result<Value, Gap>,
    },
    /// It is one or several elements of a list attribute of the owner (a rule of a security group).
    Atoms {
        /// The owner's list attributes that hold such elements.
        attributes: &'static [&'static str],
        /// The atoms that one declared satellite claims: the owner's attribute and the canonical atom.
        claims: fn(&Resource) -> Vec<(&'static str, Value)>,
        /// The canonical atoms in the owner's value of one of these attributes. An atom that must not count (the
        /// local route) is left out.
        atoms: fn(&Resource, &'static str, &Value) -> Vec<Value>,
    },
    /// It says that a list attribute of the owner holds what it lists and nothing else (N12).
    Whole {
        /// The owner's list attribute.
        attribute: &'static str,
        /// The attribute of the part that lists.
        listed: &'static str,
        /// What such a part would list, from the owner's value.
        members: fn(&Value) -> Vec<Value>,
    },
}

/// A single element of a list of some resource, claimed by a resource that is no part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The type of the resource that holds the list.
    pub owner: &'static str,
    /// Its id.
    pub id: String,
    /// The list.
    pub attribute: &'static str,
    /// The canonical atom.
    pub atom: Value,
}

/// A type whose resources are parts of resources of another type.
#[derive(Debug, Clone, Copy)]
pub struct Satellite {
    /// The Terraform type name of the part.
    pub kind: &'static str,
    /// The id of the owner that a declared part names.
    pub owner_id: fn(&Resource) -> Option<String>,
    /// How it stands to the owner.
    pub form: Form,
}

/// A Terraform type: its attributes with their equalities, its satellites, its identity.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The Terraform type name.
    pub name: &'static str,
    /// Deprecated or renamed type names of the same thing (N27).
    pub aliases: &'static [&'static str],
    /// The service, in IAM spelling, for `--service` and for reports.
    pub service: &'static str,
    /// Where its resources live.
    pub scope: Scope,
    /// The attributes that enter the model: compared, or read by checks. Nothing else does.
    pub attributes: &'static [AnyAttr],
    /// Types whose resources are parts of this kind's.
    pub satellites: &'static [Satellite],
    /// Kinds that decide what is asked of this one: it is read after them.
    pub after: &'static [&'static str],
    /// The operations that list its resources.
    pub listed_by: &'static [&'static str],
    /// The id inside kind and place of a declared resource; must equal the id that the collector gives.
    pub identity: fn(&Resource) -> Option<String>,
    /// Why a live resource does not count as unmanaged.
    pub exclusion: fn(&Resource) -> Option<Exclusion>,
    /// False for what AWS records by itself and no Terraform type makes: it can be judged, and never be unmanaged.
    pub manageable: bool,
    /// What `terraform import` takes for a live resource, where that is not its id; `None` where nothing would do.
    pub import_id: fn(&Resource) -> Option<String>,
    /// Elements of other resources' lists that a declared one claims, and that nobody else may (N12).
    pub claims: fn(&Resource) -> Vec<Claim>,
    /// The rule for an attribute of this very resource, where its kind's table says too little (a record's type decides
    /// how its values are compared).
    pub refine: fn(&Resource, AnyAttr) -> AnyAttr,
    /// What enters in the place of a declared value that may hold secrets anywhere inside: of variables the names, and
    /// not the values. `None` where the value itself may enter.
    pub kept: fn(&str, &Value) -> Option<Value>,
}

impl Kind {
    /// What most kinds share: regional, identified by `id`, nothing excluded.
    pub const BASE: Kind = Kind {
        name: "",
        aliases: &[],
        service: "",
        scope: Scope::Regional,
        attributes: &[],
        satellites: &[],
        after: &[],
        listed_by: &[],
        identity: by_id,
        exclusion: nothing_excluded,
        manageable: true,
        import_id: by_id,
        claims: |_| Vec::new(),
        refine: |_, attr| attr,
        kept: |_, _| None,
    };

    /// True when a declared resource may claim elements of other resources' lists.
    pub fn claims_elsewhere(&self) -> bool {
        !std::ptr::fn_addr_eq(self.claims, Self::BASE.claims)
    }

    /// The attribute named `path`.
    pub fn attribute(&self, path: &str) -> Option<&'static AnyAttr> {
        self.attributes.iter().find(|attr| attr.path == path)
    }
}

/// The identity of most kinds: the `id` attribute as the provider stored it.
pub fn by_id(resource: &Resource) -> Option<String> {
    let id = resource.id();
    if id.is_empty() { None } else { Some(id.to_owned()) }
}

/// For kinds of which AWS makes none by itself.
pub fn nothing_excluded(_: &Resource) -> Option<Exclusion> {
    None
}
