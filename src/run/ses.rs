//! SES, through the AWS provider.

use anyhow::Context;
use stateward::mail::post::{Parcel, Relay, Sent};
use stateward::profile::Profile;
use stateward_aws::{Mailer, NotSent, Options};
use tokio::runtime::Runtime;

use super::Outside;
use super::carriers::said;

/// SES in the region of the profile, with the credentials of the environment.
pub struct Ses {
    mailer: Mailer,
    runtime: Runtime,
}

impl Ses {
    /// SES as the profile describes it. Nothing is sent yet.
    ///
    /// # Errors
    /// No region.
    pub fn open(profile: &Profile, outside: &Outside) -> anyhow::Result<Self> {
        let settings = &profile.mail;
        let named = Some(&settings.region).filter(|region| !region.is_empty()).cloned();
        let region = named.or_else(|| profile.regions.first().map(|region| region.name.clone()));
        let region = region.context("there is no region to send from; set `mail.region`")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let options = Options {
            regions: vec![region],
            endpoint_url: outside.endpoint.clone(),
            attempt: settings.timeout,
            ..Options::default()
        };
        let set = Some(settings.configuration_set.clone()).filter(|set| !set.is_empty());
        let mailer = runtime.block_on(Mailer::open(&options, set));
        Ok(Self { mailer, runtime })
    }
}

impl Relay for Ses {
    fn send(&mut self, parcel: &Parcel, to: &str) -> Sent {
        match self.runtime.block_on(self.mailer.send(&parcel.from, to, &parcel.message)) {
            Ok(id) => Sent::Accepted(said(&format!("accepted as {id}"), &[])),
            Err(NotSent::Later(why)) => Sent::Later(said(&why, &[])),
            Err(NotSent::Refused(why)) => Sent::Refused(said(&why, &[])),
            Err(NotSent::Down(why)) => Sent::Down(said(&why, &[])),
        }
    }
}
