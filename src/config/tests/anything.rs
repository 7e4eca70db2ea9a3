//! No text ends the process, and no message contains a credential.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::Folder;
use geelark_client::Credentials;

/// As long and as mixed as GeeLark's own.
const TOKEN: &str = "YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf";

/// A configuration with a credential of each kind.
const WHOLE: &str = "accounts:
  - name: a
    base_url: https://openapi.geelark.com
    token: YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf
    phones:
      ids: [1, '2']
      files: [ids]
    poll: {interval: 60s, timeout: 10s, stale_after: 5m}
  - name: b
    app_id: i
    api_key: \"YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf\"
    phones: {ids: [3]}
    budget: {requests_per_minute: 100, max_in_flight: 4}
sharding: {shard: 0, shards: 1}
";

/// Everything that is said about `yaml`.
fn said(yaml: &str, env: &[(&str, &str)]) -> String {
    match Folder::new(yaml).load(env) {
        Ok(config) => {
            let secrets: Vec<_> = config
                .accounts
                .iter()
                .map(|account| match &account.credentials {
                    Credentials::Token(secret) | Credentials::Key { api_key: secret, .. } => secret,
                })
                .collect();
            format!("{:?} {secrets:?}", config.warnings)
        }
        Err(problems) => format!("{problems} {problems:?}"),
    }
}

fn token_with_odd_neighbours() -> impl Strategy<Value = String> {
    let neighbour = "[\\[\\]{}:,#&*!|>'\"%@`? \n\t-]{0,3}";
    (neighbour, neighbour).prop_map(|(before, after)| format!("{before}{TOKEN}{after}"))
}

fn always_the_same() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(always_the_same())]

    #[test]
    fn any_text_gets_a_result(yaml in any::<String>()) {
        said(&yaml, &[]);
    }

    #[test]
    fn any_text_of_yaml_characters_gets_a_result(yaml in "([\\[\\]{}:,#&*!|>'\"%@`?~<= \n\t-]|[a-c0-2]|accounts|token|\\.\\.\\.|---){0,60}") {
        said(&yaml, &[]);
    }

    #[test]
    fn a_token_in_a_damaged_file_stays_hidden(
        start in 0..WHOLE.len(),
        length in 0_usize..40,
        damage in "[\\[\\]{}:,#&*!|>'\" \n\t\\-a-c0-9]{0,6}",
    ) {
        let end = (start + length).min(WHOLE.len());
        let yaml = [&WHOLE[..start], &damage, &WHOLE[end..]].concat();
        let said = said(&yaml, &[]);
        prop_assert!(!said.contains(TOKEN), "{said}");
    }

    #[test]
    fn a_token_in_the_wrong_place_stays_hidden(token in token_with_odd_neighbours(), line in 1_usize..14) {
        let yaml: String = (1..)
            .zip(WHOLE.lines())
            .map(|(number, text)| match text.split_once(": ") {
                Some((key, _)) if number == line => format!("{key}: {token}\n"),
                _ if number == line => format!("{token}\n"),
                _ => format!("{text}\n"),
            })
            .collect();
        let said = said(&yaml, &[]);
        prop_assert!(!said.contains(TOKEN), "{said}");
    }

    #[test]
    fn a_token_in_the_environment_stays_hidden(
        token in token_with_odd_neighbours(),
        name in "GEELARK_(TOKEN|TOKEN_FILE|APP_ID|API_KEY|BASE_URL|PHONE_IDS|EXPORTER__[A-Z_0-9]{0,12}|EXPORTER__(SHARDING__SHARDS?|STATE__PATH|ACCOUNTS__0__TOKEN))",
    ) {
        let said = said(WHOLE, &[(&name, &token)]);
        prop_assert!(!said.contains(TOKEN), "{said}");
    }
}
