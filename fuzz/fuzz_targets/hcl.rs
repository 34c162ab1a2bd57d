//! The reader of configurations on any text, as HCL and as JSON: it ends, and it does not panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stateward_terraform::config::{Instances, read_text};

fuzz_target!(|text: &str| {
    for name in ["fuzz.tf", "fuzz.tf.json"] {
        let Ok(configuration) = read_text(name, text) else { continue };
        for resource in &configuration.resources {
            assert!(resource.ignored.is_sorted() && resource.set.is_sorted());
            let Instances::Known(instances) = &resource.instances else { continue };
            assert!(instances.iter().all(|instance| instance.starts_with(&resource.address)));
        }
    }
});
