//! An estate of 10,000 resources with 30,000 dependencies.

use super::*;

/// Seconds of CPU that this thread has used.
fn cpu() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

#[test]
fn ten_thousand_resources_take_less_than_two_seconds() {
    const SIZE: usize = 10_000;
    let mut lab = Lab::new();
    for number in 0..SIZE {
        let id = format!("r{number:05}");
        let found = match number % 5 {
            0 => database(HOME, &id),
            1 => table_in(HOME, &id, Some(AWAY)),
            2 => bucket_in(HOME, &id),
            _ => group_in(HOME, &id, 2),
        };
        let needs =
            (1..=3).filter_map(|step| number.checked_sub(step * 7)).map(|to| format!("aws_x.r{to:05}"));
        lab.declared.push(Declaration {
            identity: found.address.clone(),
            address: format!("aws_x.{id}"),
            state: "s".to_owned(),
            dependencies: needs.collect(),
        });
        lab.add(found);
    }
    lab.add(key_in(HOME, "data"));
    let inventory = lab.inventory();
    let view = lab.view(&inventory);
    let before = cpu();
    let recovery = verify(view, &lab.declared).recovery;
    let used = cpu().zip(before).map(|(after, before)| after - before);
    assert_eq!(recovery.workloads[0].resources, SIZE);
    assert!(recovery.workloads[0].dependencies >= 29_900, "{}", recovery.workloads[0].dependencies);
    // Without optimisation it takes about ten times as long.
    let allowed = if cfg!(debug_assertions) { 20.0 } else { 2.0 };
    if let Some(used) = used {
        assert!(used < allowed, "{used} s of CPU");
    }
}
