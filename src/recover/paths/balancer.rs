//! Load balancers: where users enter.

use stateward_model::Resource;
use stateward_model::kinds::elbv2::load_balancer;

use super::super::figure::{Figure, Grade, Interval};
use super::super::gates;
use super::super::names::without_region;
use super::super::path::{Fate, Gate, Path};
use super::super::scenario::Scenario;
use super::super::scene::Scene;

/// A load balancer.
pub fn balancer(resource: &Resource, scenario: Scenario, target: &str, scene: &Scene) -> Fate {
    const NAME: &str = "load balancer in another region";
    let home = resource.region();
    match scenario {
        Scenario::Region => {}
        Scenario::Zone => {
            return match resource.get_or_default(&load_balancer::AVAILABILITY_ZONES) {
                Ok(zones) if zones.len() > 1 => {
                    Fate::Unaffected(format!("it is enabled in {} zones", zones.len()))
                }
                Ok(_) => Fate::Lost(Vec::new()),
                Err(gap) => Fate::Lost(vec![Path::unseen("another zone", home, gap)]),
            };
        }
        _ => return Fate::Unaffected("the service does not run on one host".into()),
    }
    let name = match resource.get(&load_balancer::NAME) {
        Ok(name) => name.unwrap_or_default(),
        Err(gap) => return Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
    };
    let place = scene.place(resource, target);
    let found = scene.index.balancers.of(&without_region(&name, home));
    let Some(found) = found.iter().find(|found| found.address.place == place) else {
        return match scene.unseen(&load_balancer::KIND, &place, &scene.index.balancers) {
            Some(gap) => Fate::Lost(vec![Path::unseen(NAME, target, gap)]),
            None => Fate::Lost(Vec::new()),
        };
    };
    let state = found.get_or_default(&load_balancer::STATE);
    let state = state.map(|state| (state != "active").then(|| format!("it is {state}")));
    let call = "elasticloadbalancing:DescribeLoadBalancers";
    let act = Figure::new(Interval::ZERO, Grade::B, "it stands there already").from(
        "load balancer",
        found.id(),
        call,
    );
    let to = format!("{target}/{}", found.name.as_deref().unwrap_or(found.id()));
    let path = Path::automatic(NAME, to, Figure::none("it holds no data"), act);
    let path = path.gate(Gate::new("state", found.id(), state));
    Fate::Lost(vec![gates::entered_there(path, resource, found, scene)])
}
