//! The state reader on any bytes: no panic, and an error that quotes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stateward_terraform::read_state;

fuzz_target!(|data: &[u8]| {
    if let Ok(state) = read_state("fuzz.tfstate", data) {
        assert_eq!(state.header.instances, state.resources.len());
    }
});
