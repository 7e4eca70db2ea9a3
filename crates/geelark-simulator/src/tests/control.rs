use serde_json::json;

use super::*;

#[tokio::test]
async fn a_phone_is_created_changed_deleted_and_restored() {
    let simulator = simulator(options(2));
    let (code, created) = control(
        &simulator,
        Method::POST,
        "phones",
        r#"{"id": "mine", "serialName": "a", "status": "starting"}"#,
    )
    .await;
    assert_eq!(
        (code, &created[0]["id"], &created[0]["status"]),
        (201, &json!("mine"), &json!(1))
    );
    assert_eq!(simulator.ids().last().unwrap(), "mine");

    let patch = r#"{"status": 7, "serialName": "b\n", "group": "g", "tags": ["t"], "monthlyExpire": 5, "chargeMode": 1, "rpaStatus": 1}"#;
    let (code, changed) = control(&simulator, Method::PATCH, "phones/mine", patch).await;
    assert_eq!(
        (code, &changed["tags"], &changed["monthlyExpire"]),
        (200, &json!(["t"]), &json!(5))
    );
    let answer = call(&simulator, STATUS, json!({"ids": ["mine"]})).await;
    assert_eq!(
        answer["data"]["successDetails"],
        json!([{"id": "mine", "serialName": "b\n", "status": 7}])
    );

    let (code, gone) = control(&simulator, Method::DELETE, "phones/mine", "").await;
    assert_eq!((code, &gone["exists"]), (200, &json!(false)));
    let answer = call(&simulator, STATUS, json!({"ids": ["mine"]})).await;
    assert_eq!(
        answer["data"]["failDetails"],
        json!([{"code": 42001, "id": "mine", "msg": "env not found"}])
    );
    assert_eq!(
        call(&simulator, LIST, json!({"page": 1, "pageSize": 1})).await["data"]["total"],
        2
    );

    let (code, back) = control(&simulator, Method::POST, "phones/mine/restore", "").await;
    assert_eq!((code, &back["exists"], &back["status"]), (200, &json!(true), &json!(7)));
    assert_eq!(control(&simulator, Method::GET, "phones/mine", "").await.1, back);
}

#[tokio::test]
async fn many_phones_can_be_created_at_once() {
    let simulator = simulator(options(0));
    let (code, created) = control(&simulator, Method::POST, "phones", r#"{"count": 150, "group": "new"}"#).await;
    assert_eq!(
        (code, created.as_array().unwrap().len(), simulator.ids().len()),
        (201, 150, 150)
    );
    assert_eq!(
        call(&simulator, LIST, json!({"page": 1, "pageSize": 1, "groupName": "new"})).await["data"]["total"],
        150
    );
}

#[tokio::test]
async fn an_invalid_request_is_refused_in_a_sentence() {
    let simulator = simulator(options(1));
    let taken = json!({ "id": simulator.ids()[0] }).to_string();
    for (method, path, body, code, start) in [
        (Method::GET, "phones/nobody", "", 404, "There is no phone \"nobody\";"),
        (
            Method::PATCH,
            "phones/nobody",
            "{}",
            404,
            "There is no phone \"nobody\";",
        ),
        (
            Method::DELETE,
            "phones/nobody",
            "",
            404,
            "There is no phone \"nobody\";",
        ),
        (
            Method::POST,
            "phones",
            r#"{"count": 0}"#,
            400,
            "count must be from 1 to 100000.",
        ),
        (
            Method::POST,
            "phones",
            r#"{"count": 2, "id": "a"}"#,
            400,
            "id \"a\" cannot be given: an id is",
        ),
        (
            Method::POST,
            "phones",
            r#"{"id": "a b"}"#,
            400,
            "id \"a b\" cannot be given: an id is",
        ),
        (Method::POST, "phones", &taken, 409, "There is a phone 5887"),
        (
            Method::POST,
            "phones",
            r#"{"colour": "red"}"#,
            400,
            "The body cannot be used: unknown field `colour`",
        ),
        (
            Method::PUT,
            "faults",
            r#"["meteor"]"#,
            400,
            "The body cannot be used: fault \"meteor\": unrecognized kind",
        ),
        (
            Method::PUT,
            "faults",
            "http:503",
            400,
            "The body cannot be used: expected value",
        ),
        (Method::GET, "fault", "", 404, "There is nothing here; below"),
        (
            Method::POST,
            "lock",
            r#"{"hours": 2}"#,
            400,
            "The body cannot be used: unknown field `hours`",
        ),
    ] {
        let (status, sentence) = control(&simulator, method.clone(), path, body).await;
        let sentence = sentence.as_str().unwrap();
        assert_eq!(status, code, "{method} {path} {body}: {sentence}");
        assert!(sentence.starts_with(start), "{method} {path} {body}: {sentence}");
    }
}

#[tokio::test]
async fn an_invalid_list_of_faults_changes_nothing() {
    let simulator = simulator(with_faults(1, &["code:1"]));
    assert_eq!(
        control(&simulator, Method::PUT, "faults", r#"["code:2", "meteor"]"#)
            .await
            .0,
        400
    );
    assert_eq!(call(&simulator, WALLET, json!({})).await["code"], 1);
    assert_eq!(
        control(&simulator, Method::POST, "faults", r#"["latency:0s"]"#).await.0,
        204
    );
    let (_, shown) = control(&simulator, Method::GET, "faults", "").await;
    assert_eq!(shown["faults"].as_array().unwrap().len(), 2);
    assert_eq!(control(&simulator, Method::DELETE, "faults", "").await.0, 204);
    assert_eq!(call(&simulator, WALLET, json!({})).await["code"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_lock_can_be_set_and_removed_and_ends_by_itself() {
    let simulator = simulator(options(1));
    let code = async || call(&simulator, WALLET, json!({})).await["code"].as_i64().unwrap();
    assert_eq!(
        control(&simulator, Method::GET, "lock", "").await.1,
        json!({"locked_for_seconds": null})
    );
    assert_eq!(control(&simulator, Method::POST, "lock", "").await.0, 204);
    assert_eq!(
        control(&simulator, Method::GET, "lock", "").await.1,
        json!({"locked_for_seconds": 7200.0})
    );
    assert_eq!(code().await, 40014);
    assert_eq!(control(&simulator, Method::DELETE, "lock", "").await.0, 204);
    assert_eq!(code().await, 0);
    control(
        &simulator,
        Method::POST,
        "lock",
        &json!({ "seconds": u64::MAX }).to_string(),
    )
    .await;
    assert_eq!(code().await, 40014);
    control(&simulator, Method::POST, "lock", r#"{"seconds": 60}"#).await;
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(code().await, 40014);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(code().await, 0);
}

#[tokio::test]
async fn the_log_shows_refused_calls_and_can_be_cleared() {
    let simulator = simulator(options(3));
    call(&simulator, STATUS, json!({ "ids": simulator.ids() })).await;
    let anonymous = Request::post(STATUS).body(Body::from("{}")).unwrap();
    send(&simulator, anonymous).await;
    let (_, log) = control(&simulator, Method::GET, "calls", "").await;
    let calls: Vec<Value> = log["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| json!([call["ids"], call["code"]]))
        .collect();
    assert_eq!(calls, [json!([3, 0]), json!([0, 40002])]);
    assert_eq!(control(&simulator, Method::DELETE, "calls", "").await.0, 204);
    let (_, log) = control(&simulator, Method::GET, "calls", "").await;
    assert_eq!(
        log,
        json!({"total": 0, "refused": 0, "by_code": {}, "max_in_any_minute": 0, "calls": []})
    );
}

#[tokio::test]
async fn every_phone_is_listed_with_all_its_keys() {
    let simulator = simulator(Options {
        missing: 1,
        ..options(8)
    });
    let (_, phones) = control(&simulator, Method::GET, "phones", "").await;
    let phones = phones.as_array().unwrap();
    assert_eq!(phones.len(), 9);
    assert_eq!(phones.iter().filter(|phone| phone["exists"] == false).count(), 1);
    let mut keys: Vec<&String> = phones[0].as_object().unwrap().keys().collect();
    keys.sort();
    let expected = [
        "chargeMode",
        "exists",
        "frozen",
        "group",
        "id",
        "monthlyExpire",
        "remark",
        "rpaStatus",
        "serialName",
        "serialNo",
        "status",
        "tags",
    ];
    assert_eq!(keys, expected);
}
