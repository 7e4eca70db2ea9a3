//! Any content of a configuration file gives a configuration or problems.

#![no_main]

use geelark_exporter::config::{Sources, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|yaml: String| {
    let sources = Sources {
        // The folder does not exist, so files that the text names do not exist either.
        file: Some("/nonexistent/geelark.yml".into()),
        document: Some(yaml.into()),
        ..Sources::default()
    };
    match load(&sources) {
        Ok(config) => {
            for account in &config.accounts {
                let poll = account.poll;
                assert!(!poll.interval.is_zero() && poll.timeout <= poll.interval);
                assert!(poll.stale_after >= poll.interval && account.budget.max_in_flight > 0);
            }
        }
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
});
