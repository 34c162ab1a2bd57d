//! Who made a difference, as results have it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::drift::who;

/// Who made a difference, as far as the events of CloudTrail tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Who {
    /// `certain` (the request held the live value), `likely` (the right event on the right resource), `possible` (an
    /// event that writes to the resource and may not touch what differs) or `none`.
    pub confidence: String,
    /// When; absent, like the fields below, where nothing was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Who: a user, `role/session`, a person with the permission set, a service; a pseudonym where the profile wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// `root`, `user`, `role`, `sso_user`, `federated`, `service`, `account` or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_kind: Option<String>,
    /// The service through which it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// The API call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The service that was called, as events name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// From where: an address, its pseudonym, or a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `console`, `cli`, `sdk`, `terraform`, `service` or `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// True for a role of the pipeline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pipeline: bool,
    /// The attributes that the event explains, sorted; empty for an object as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Why nothing was found, or what to make of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<who::Who> for Who {
    fn from(of: who::Who) -> Self {
        let mut who = Self {
            confidence: of.confidence.word().to_owned(),
            time: None,
            actor: None,
            actor_kind: None,
            through: None,
            event: None,
            source: None,
            address: None,
            agent: None,
            pipeline: false,
            paths: Vec::new(),
            reason: of.reason,
        };
        let Some(act) = of.act else { return who };
        who.time = Some(act.time);
        who.actor = Some(act.actor);
        who.actor_kind = Some(act.kind.word().to_owned());
        who.through = act.through;
        who.event = Some(act.event);
        who.source = Some(act.source);
        who.address = act.address;
        who.agent = Some(act.agent.word().to_owned());
        who.pipeline = act.pipeline;
        who.paths = act.paths;
        who
    }
}
