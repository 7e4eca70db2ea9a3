//! The output of the command `phones`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Launch, Upstream};

/// Runs `phones` with environment variables of an account without configured phones.
async fn phones(upstream: &Upstream, args: &[&str]) -> (Option<i32>, String) {
    let launch = Launch::bare().env("GEELARK_TOKEN", "demo-token");
    let output = launch
        .env("GEELARK_BASE_URL", &upstream.url)
        .arg("phones")
        .args(args)
        .run()
        .await;
    (output.status.code(), output.text)
}

#[tokio::test]
async fn phones_prints_json() {
    let upstream = Upstream::start(&["--phones=120"]).await;
    let (code, text) = phones(&upstream, &["--format", "json"]).await;
    assert_eq!(code, Some(0), "{text}");
    let list = &text[text.find("[\n").unwrap()..text.rfind("\n]").unwrap() + 2];
    let list: Vec<Value> = serde_json::from_str(list).unwrap();
    let listed: BTreeMap<&str, &Value> = list.iter().map(|row| (row["id"].as_str().unwrap(), row)).collect();
    assert_eq!((list.len(), listed.len()), (120, 120));
    for phone in upstream.phones().await {
        let row = listed[phone["id"].as_str().unwrap()];
        let name = phone["serialName"].as_str().filter(|name| !name.is_empty());
        assert_eq!(row["name"].as_str(), name);
        assert_eq!(
            (&row["account"], &row["group"], &row["tags"]),
            (&json!("default"), &phone["group"], &phone["tags"])
        );
        let is_monthly = phone["chargeMode"] == 1;
        assert_eq!(row["charge_mode"], if is_monthly { "monthly" } else { "per_minute" });
        // GeeLark's list reports expired phones as shut down.
        let status = ["started", "starting", "shut_down", "shut_down"];
        assert_eq!(
            row["status"],
            status[usize::try_from(phone["status"].as_u64().unwrap()).unwrap()]
        );
        let expires = row["expires"].as_str();
        assert_eq!(expires.is_some(), is_monthly);
        assert!(
            expires.is_none_or(|at| at.starts_with("20") && at.ends_with('Z')),
            "{expires:?}"
        );
    }
}

#[tokio::test]
async fn phones_prints_a_table_of_each_account() {
    let upstream = Upstream::start(&["--phones=30"]).await;
    let accounts = [
        upstream.account("main", &[""; 0], "      discovery: {groups: [farm-a]}"),
        upstream.account("spare", &["1"], ""),
    ];
    let run = |args: &[&str]| {
        let launch = Launch::configured(&format!("accounts:\n{}", accounts.concat()));
        launch.arg("phones").args(args).run()
    };
    let output = run(&[]).await;
    let rows = |word: &str| output.text.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!(
        (rows("ACCOUNT "), rows("main "), rows("spare ")),
        (1, 10, 30),
        "{}",
        output.text
    );
    assert_eq!(output.status.code(), Some(0));
    let output = run(&["--account=main"]).await;
    let header = output.text.lines().find(|line| line.starts_with("ID ")).unwrap();
    let words: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(words, ["ID", "NAME", "GROUP", "TAGS", "STATUS", "CHARGE", "EXPIRES"]);
    assert_eq!(output.text.matches(" farm-a ").count(), 10);

    let output = run(&["--account=mian"]).await;
    let sentence = "there is no account \"mian\"; configured: \"main\", \"spare\"\n";
    assert!(output.text.ends_with(sentence), "{}", output.text);
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn phones_reports_errors() {
    let upstream = Upstream::start(&["--phones=3", "--token=another"]).await;
    let (code, text) = phones(&upstream, &[]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("account default: page 1 of the list: GeeLark answered 40003"),
        "{text}"
    );
    let output = Launch::bare().arg("phones").run().await;
    assert_eq!(output.status.code(), Some(2));
    assert!(output.text.contains("nothing is configured"), "{}", output.text);
}
