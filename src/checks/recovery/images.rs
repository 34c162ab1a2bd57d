//! Container images where a workload is brought back.

use stateward_model::kinds::ecr::{Filter, replication, repository};
use stateward_model::kinds::ecs::running_image;
use stateward_model::kinds::eks::cluster;
use stateward_model::{Cause, Gap, Place, Resource};

use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::checks::containers::tasks::images_of_pods;
use crate::checks::facts::copy_regions;
use crate::profile::Role;

pub const DR_33: Check = Check {
    id: "DR-33",
    alias: "ecr-replication",
    title: "Container images replicate",
    component: "dr",
    category: Category::Dr,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::EachOf(&[&repository::KIND, &running_image::KIND, &cluster::KIND], replicated),
    reads: &[
        Reads { kind: &repository::KIND, attributes: &[repository::IMAGES.any()] },
        Reads {
            kind: &running_image::KIND,
            attributes: &[
                running_image::DIGEST.any(),
                running_image::REGISTRY_ID.any(),
                running_image::REPOSITORY.any(),
            ],
        },
        Reads { kind: &replication::KIND, attributes: &[replication::REPLICATION_CONFIGURATION.any()] },
    ],
    page: include_str!("../../../docs/checks/DR-33.md"),
};

fn replicated(resource: &Resource, view: &View) -> Verdict {
    if view.profile.role(resource.region()) == Role::Dr {
        return Ok(Outcome::NotApplicable("in a recovery region"));
    }
    match resource.kind() {
        kind if kind == repository::KIND.name => by_rule(resource, view),
        kind if kind == cluster::KIND.name => Err(images_of_pods()),
        _ => present(resource, view),
    }
}

/// Whether a rule of the registry copies the repository to a recovery region.
fn by_rule(resource: &Resource, view: &View) -> Verdict {
    let regions = copy_regions(resource.region(), view)?;
    let place = &resource.address.place;
    for registry in view.inventory.all_in(&replication::KIND, place)? {
        let configured = registry.get_or_default(&replication::REPLICATION_CONFIGURATION)?;
        let copies = |rule: &replication::Rule| {
            takes(&rule.repository_filter, resource.id())
                && rule.destination.iter().any(|to| regions.contains(&to.region.as_str()))
        };
        if configured.iter().flat_map(|it| &it.rule).any(copies) {
            return Ok(Outcome::Pass);
        }
    }
    Ok(Outcome::Fail(format!("no rule of its registry copies it to {}", regions.join(" or "))))
}

/// Filters of replication are prefixes; without any, all repositories are copied (ECR user guide, "Private image
/// replication").
fn takes(filters: &[Filter], repository: &str) -> bool {
    filters.is_empty() || filters.iter().any(|filter| repository.starts_with(&filter.filter))
}

/// Whether a recovery region has the image that runs.
fn present(resource: &Resource, view: &View) -> Verdict {
    let place = &resource.address.place;
    let account = resource.get(&running_image::REGISTRY_ID)?;
    let Some(name) = resource.get(&running_image::REPOSITORY)? else {
        return Ok(Outcome::NotApplicable("not in ECR, so ECR does not replicate it"));
    };
    if account.as_ref() != Some(&place.account) {
        return Err(Gap::new(
            "ecr:DescribeImages",
            Cause::NotRequested,
            "its registry is of another account",
        ));
    }
    let Some(digest) = resource.get(&running_image::DIGEST)? else {
        return Err(Gap::new("ecs:DescribeTasks", Cause::Malformed, "ECS does not tell its digest"));
    };
    let regions = copy_regions(resource.region(), view)?;
    for region in &regions {
        let there = Place::new(place.account.clone(), *region);
        let Some(found) = view.inventory.lookup(&repository::KIND, &there, &name)? else { continue };
        if found.get_or_default(&repository::IMAGES)?.iter().any(|image| image.digest == digest) {
            return Ok(Outcome::Pass);
        }
    }
    Ok(Outcome::Fail(format!("runs, and is not in {}", regions.join(" or "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_prefixes_and_none_takes_all() {
        let filter = |text: &str| Filter { filter: text.into(), filter_type: "PREFIX_MATCH".into() };
        assert!(takes(&[], "shop/api") && takes(&[filter("x"), filter("shop/")], "shop/api"));
        assert!(!takes(&[filter("api")], "shop/api"));
    }
}
