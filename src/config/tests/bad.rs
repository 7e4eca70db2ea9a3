//! Bad configurations and everything that is said about each.

use super::Folder;

struct Case {
    what: &'static str,
    yaml: &'static str,
    env: &'static [(&'static str, &'static str)],
    says: &'static str,
}

#[test]
fn every_bad_configuration_gets_all_its_sentences() {
    let mut failures = Vec::new();
    for case in CASES {
        let folder = Folder::new(case.yaml);
        let said = match folder.load(case.env) {
            Ok(_) => "nothing".to_owned(),
            Err(problems) => folder.anonymous(&problems.to_string()),
        };
        assert!(
            !said.contains("SECRET") && !said.contains("PASSWORD"),
            "{}: {said}",
            case.what
        );
        if said != case.says.trim_start_matches(['\n', ' ']).replace("\n        ", "\n") {
            failures.push(format!(
                "{}\n--- says\n{said}\n--- instead of\n{}",
                case.what, case.says
            ));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n\n"));
}

/// Each line of `says` is one sentence.
const CASES: &[Case] = &[
    Case {
        what: "the file is empty",
        yaml: "# nothing\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "the file is a word",
        yaml: "accounts\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a bracket is left open",
        yaml: "accounts: [\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a tab indents",
        yaml: "accounts:\n\t- name: a\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "two documents",
        yaml: "accounts: []
---
accounts: []
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a key is a list",
        yaml: "[a, b]: 1\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "nested too deeply",
        yaml: "accounts: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a key is given twice",
        yaml: "accounts:
- name: a
  name: b
  token: t
  phones: {ids: ['1']}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "no accounts",
        yaml: "sharding: {shard: 0}\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "an empty list of accounts",
        yaml: "accounts: []\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "accounts are a section",
        yaml: "accounts: {name: a}\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "an account is a word",
        yaml: "accounts: [main]\n",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "an account is empty",
        yaml: "accounts:
-
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "keys are misspelt",
        yaml: "acounts: []
accounts:
- {nam: a, name: a, token: t, phones: {ids: ['1'], discovery: {}}, poll: {Intervall: 60s}}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a section is a number",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, poll: 60s, budget: [4], phones: {ids: ['1']}}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a key has no value",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, base_url:}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "no way to authenticate",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "two ways to authenticate",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token: t, token_file: token}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "three ways to authenticate",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token: t, token_file: token, app_id: i, api_key: k, api_key_file: token}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "half a key pair, the id",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, app_id: i}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "half a key pair, the key",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, api_key_file: token}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "secrets of the wrong kind",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token: [SECRET, SECRET]}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a secret is a fraction",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token: 1.5e3}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a secret is empty",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token: ''}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a secret has a blank",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token: 'SEC RET'}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a secret is a header",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token: Bearer SECRET}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a secret file is empty",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token_file: empty}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a secret file has two lines",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, app_id: i, api_key_file: two_lines}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a secret file is missing",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token_file: nowhere}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a secret file is a folder",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token_file: folder}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a secret file is unnamed",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token_file: ' '}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a token stands where its file should",
        yaml: r#"accounts:
- {name: a, phones: {ids: ["1"]}, token_file: YjmFIUuq0oJgSDJ42fxLEb6R1qjjqf}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "urls",
        yaml: r#"accounts:
- {name: 0, token: t, phones: {ids: ["0"]}, base_url: "openapi.geelark.com"}
- {name: 1, token: t, phones: {ids: ["1"]}, base_url: "ftp://geelark.com"}
- {name: 2, token: t, phones: {ids: ["2"]}, base_url: "https://user:PASSWORD@geelark.com"}
- {name: 3, token: t, phones: {ids: ["3"]}, base_url: "https://geelark.com/?key=SECRET"}
- {name: 4, token: t, phones: {ids: ["4"]}, base_url: "https://geelark.com/#x"}
- {name: 5, token: t, phones: {ids: ["5"]}, base_url: "http://u:PASSWORD@[::1"}
- {name: 6, token: t, phones: {ids: ["6"]}, base_url: "https://"}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "ids",
        yaml: "accounts:
- {name: a, token: t, phones: {ids: ['', ' ', '1 2', '1,2', 1.5, 588732926036803641e3, null, [3], '4']}}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "ids are a word",
        yaml: "accounts:
- {name: a, token: t, phones: {ids: '1'}}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "no phones",
        yaml: "accounts:
- {name: a, token: t, phones: {}}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "no phones in lists",
        yaml: "accounts:
- {name: a, token: t, phones: {ids: [], files: []}}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "phones are a word",
        yaml: "accounts:
- {name: a, token: t, phones: '1'}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "bad lines in a file of ids",
        yaml: "accounts:
- {name: a, token: t, phones: {files: [bad_ids]}}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "files of ids that cannot be read",
        yaml: "accounts:
- {name: a, token: t, phones: {files: [nowhere, folder, no_ids, empty, latin1, ' ', token/x]}}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "names",
        yaml: "accounts:
- {token: t, phones: {ids: [1]}}
- {name: ' ', token: t, phones: {ids: [2]}}
- {name: a, token: t, phones: {ids: [3]}}
- {name: a, token: t, phones: {ids: [4]}}
",
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "durations without a unit",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, poll: {interval: 60, timeout: '10', stale_after: 0}}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "durations that are none",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, poll: {interval: soon, timeout: -5s, stale_after: 1.5}}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "durations out of bounds",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, poll: {interval: 25h, timeout: 99ms, stale_after: 8d}}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "durations of nothing",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, poll: {interval: 0s, timeout: 0s, stale_after: 0s}}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "durations at odds",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, poll: {interval: 20s, timeout: 21s, stale_after: 19s}}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "budgets",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, budget: {requests_per_minute: 0, max_in_flight: 65}}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "budgets that are no numbers",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, budget: {requests_per_minute: 1.5, max_in_flight: many}}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "shard is not one of the shards",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, }
sharding: {shard: 2, shards: 2}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "no shards",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, }
sharding: {shard: 0, shards: 0}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a shard alone",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, }
sharding: {shard: 1}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "nothing is left for a shard",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, budget: {requests_per_minute: 2}}
sharding: {shard: 2, shards: 3}
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "everything at once",
        yaml: r#"accounts:
  - name: ""
    base_url: ftp://x
    tokn: SECRET
    phones:
      ids: [""]
    poll:
      interval: 60
    budget:
      requests_per_minute: 0
  - name: b
sharding:
  shards: none
"#,
        env: &[],
        says: r#"
        "#,
    },
    Case {
        what: "a variable is wrong",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, }
"#,
        env: &[
            ("GEELARK_EXPORTER__ACCOUNTS__0__POLL__INTERVAL", "60"),
            ("GEELARK_EXPORTER__ACCOUNTS__0__PHONES__IDS", "1,,2 3"),
        ],
        says: r#"
        "#,
    },
    Case {
        what: "a variable is misspelt",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, }
"#,
        env: &[
            ("GEELARK_EXPORTER__ACCOUNTS__0__TOKN", "SECRET"),
            ("GEELARK_EXPORTER__ACCOUNTS__NAME", "x"),
            ("GEELARK_EXPORTER__WEBHOOK", "x"),
            ("GEELARK_EXPORTER__", "x"),
        ],
        says: r#"
        "#,
    },
    Case {
        what: "a variable names no position",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, }
"#,
        env: &[
            ("GEELARK_EXPORTER__ACCOUNTS__2__NAME", "x"),
            ("GEELARK_EXPORTER__ACCOUNTS__99999999999__NAME", "x"),
        ],
        says: r#"
        "#,
    },
    Case {
        what: "variables set the same key",
        yaml: r#"accounts:
- {name: a, token: t, phones: {ids: ["1"]}, }
"#,
        env: &[
            ("GEELARK_TOKEN", "SECRET"),
            ("GEELARK_EXPORTER__ACCOUNTS__0__TOKEN", "SECRET"),
            ("GEELARK_EXPORTER__ACCOUNTS__0__PHONES__IDS", "1"),
            ("GEELARK_EXPORTER__ACCOUNTS__0__PHONES__IDS__0", "1"),
        ],
        says: r#"
        "#,
    },
    Case {
        what: "short variables and several accounts",
        yaml: "accounts:
- {name: a, token: t, phones: {ids: [1]}}
- {name: b, token: t, phones: {ids: [2]}}
",
        env: &[("GEELARK_TOKEN", "SECRET")],
        says: r#"
        "#,
    },
];
