//! The state reader on any bytes: no panic, and every instance that it counts is handed over.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stateward_terraform::{Keys, read_state_with};

/// The key of `opentofu-static.json`. Passphrases are left out: to derive a key of one takes too long.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let mut keys = Keys::default();
    keys.add_hex("000102030405060708090a0b0c0d0e0f").unwrap();
    keys
});

fuzz_target!(|data: &[u8]| {
    let mut seen = 0;
    if let Ok(header) = read_state_with("fuzz.tfstate", data, &KEYS, &mut |_| seen += 1) {
        assert_eq!(header.instances, seen);
    }
});
