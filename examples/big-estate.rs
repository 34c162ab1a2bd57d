//! Writes a large estate and its states into a folder, and says on standard output what is in them; for
//! `tests/bench/scale`.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a tool of the tests")]

#[path = "../tests/bench/big.rs"]
mod big;

fn main() -> std::io::Result<()> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [folder, instances, files] = given.as_slice() else {
        return Err(std::io::Error::other("usage: big-estate FOLDER INSTANCES FILES"));
    };
    let number = |text: &str| text.parse().map_err(std::io::Error::other);
    let made = big::write(folder.as_ref(), number(instances)?, number(files)?)?;
    let said = serde_json::json!({
        "instances": made.instances,
        "changed": made.changed,
        "missing": made.missing,
        "unmanaged": made.unmanaged,
        "state_bytes": made.state_bytes,
        "recorded_bytes": made.recorded_bytes,
    });
    println!("{said}");
    Ok(())
}
