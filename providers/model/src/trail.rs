//! Events of CloudTrail, reduced to who did what to which resource. Of what was asked for, only digests stay.

mod record;
mod request;
pub mod table;

use serde::{Deserialize, Serialize};

use crate::gap::Gap;
use crate::resource::Place;

pub use record::read_event;
pub use request::{Held, Request};

/// The operation that events are looked up with, in IAM spelling.
pub const LOOKUP: &str = "cloudtrail:LookupEvents";

/// How far back management events can be looked up, in days (AWS CloudTrail user guide, "Working with CloudTrail event
/// history").
pub const DAYS: i64 = 90;

/// What sort of identity acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The root user of the account.
    Root,
    /// An IAM user.
    User,
    /// A session of a role.
    Role,
    /// A person who signed in through IAM Identity Center.
    SsoUser,
    /// A federated user, SAML or web identity.
    Federated,
    /// A service of AWS by itself.
    Service,
    /// Another account.
    Account,
    /// An identity of a type that is not known here.
    Unknown,
}

impl ActorKind {
    /// The word in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::User => "user",
            Self::Role => "role",
            Self::SsoUser => "sso_user",
            Self::Federated => "federated",
            Self::Service => "service",
            Self::Account => "account",
            Self::Unknown => "unknown",
        }
    }
}

/// Who acted. Keys of credentials are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What sort of identity.
    pub kind: ActorKind,
    /// The user, the role, the permission set, the service or the account; empty where the event does not tell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The session of a role; of Identity Center, the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The source identity that was set when the role was assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// The service through which the request was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<String>,
}

/// With what the request was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agent {
    /// The AWS console.
    Console,
    /// The AWS command line.
    Cli,
    /// An AWS SDK.
    Sdk,
    /// Terraform, or OpenTofu.
    Terraform,
    /// Another service of AWS.
    Service,
    /// Anything else.
    Other,
}

impl Agent {
    /// The word in results.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Cli => "cli",
            Self::Sdk => "sdk",
            Self::Terraform => "terraform",
            Self::Service => "service",
            Self::Other => "other",
        }
    }
}

/// A resource that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrailResource {
    /// CloudTrail's type, for example `AWS::EC2::SecurityGroup`; empty where it gives none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Name, id or ARN.
    pub name: String,
}

/// One management event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrailEvent {
    /// CloudTrail's id of it.
    pub id: String,
    /// When the request was completed, RFC 3339 in UTC, whole seconds.
    pub time: String,
    /// The API call, for example `PutBucketPolicy`.
    pub name: String,
    /// The service that was called, for example `s3.amazonaws.com`.
    pub source: String,
    /// The account that received it, and the region.
    pub place: Place,
    /// True when it changed nothing by its nature.
    pub read_only: bool,
    /// Who.
    pub actor: Actor,
    /// From where: an address, or the name of a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// With what.
    pub agent: Agent,
    /// The error code, when the request was refused or failed: then it changed nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it is about.
    pub resources: Vec<TrailResource>,
    /// What was asked for, as digests; absent where nothing was recorded, or the event is not in [`table`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
}

/// By what events are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupBy {
    /// By the name of a resource.
    Resource,
    /// By the name of the event, for settings of an account, which are no resource.
    Event,
}

/// What to look up: one resource, or one setting of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The account, and the region whose events to look through.
    pub place: Place,
    /// What the names are.
    pub by: LookupBy,
    /// The names under which CloudTrail may have it, likeliest first.
    pub names: Vec<String>,
    /// From when, RFC 3339.
    pub since: String,
    /// Until when, RFC 3339.
    pub until: String,
}

/// What became of a lookup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupOutcome {
    /// Every event of the time was seen.
    Read,
    /// There were more events than pages that are read; the oldest were not seen.
    Cut,
    /// The run's number of lookups was used up before.
    Budget,
    /// It could not be looked up.
    Gap(Gap),
}

/// A lookup that was made, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedUp {
    /// Where.
    pub place: Place,
    /// What the names are.
    pub by: LookupBy,
    /// The names.
    pub names: Vec<String>,
    /// What became of it.
    pub outcome: LookupOutcome,
}

/// All that was looked up for one recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// Events that write, sorted by time and id, each once.
    pub events: Vec<TrailEvent>,
    /// What was looked up.
    pub lookups: Vec<LookedUp>,
}
