//! Profiles: regions, roles, weights, thresholds, waivers and ignore rules.
