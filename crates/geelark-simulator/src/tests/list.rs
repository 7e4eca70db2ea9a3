use serde_json::json;

use super::*;

#[tokio::test]
async fn pages_together_hold_every_phone_once() {
    let simulator = simulator(Options {
        missing: 5,
        ..options(250)
    });
    let mut seen = Vec::new();
    for (page, length) in [(1, 100), (2, 100), (3, 50), (4, 0)] {
        let answer = call(&simulator, LIST, json!({"page": page, "pageSize": 100})).await;
        let data = &answer["data"];
        assert_eq!(
            (&data["total"], &data["page"], &data["pageSize"]),
            (&json!(250), &json!(page), &json!(100))
        );
        let items = data["items"].as_array().unwrap();
        assert_eq!(items.len(), length);
        seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
    }
    let ids = simulator.ids();
    assert!(seen.iter().all(|id| ids.contains(id)));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 250);
}

#[tokio::test]
async fn filters_select_as_documented_and_empty_ones_are_ignored() {
    let simulator = simulator(options(100));
    let (_, truth) = control(&simulator, Method::GET, "phones", "").await;
    let truth = truth.as_array().unwrap().clone();
    let count = |holds: &dyn Fn(&Value) -> bool| truth.iter().filter(|phone| holds(phone)).count() as u64;
    let tagged = |phone: &Value, tag: &str| phone["tags"].as_array().unwrap().contains(&json!(tag));
    let open = |phone: &Value| phone["status"] == 0 || phone["status"] == 1;
    let cases = [
        (
            json!({"groupName": "farm-b"}),
            count(&|phone| phone["group"] == "farm-b"),
        ),
        (
            json!({"tags": ["vip", "test"]}),
            count(&|phone| tagged(phone, "vip") || tagged(phone, "test")),
        ),
        (json!({"chargeMode": 0}), count(&|phone| phone["chargeMode"] == 0)),
        (json!({"chargeMode": 1}), count(&|phone| phone["chargeMode"] == 1)),
        (json!({"openStatus": 1}), count(&open)),
        (json!({"openStatus": 0}), count(&|phone| !open(phone))),
        (json!({"serialName": "duplicate"}), 5),
        (json!({"remark": "Li"}), 20),
        (json!({"serialNos": ["3", "99", "1000"]}), 2),
        (json!({"proxyIds": ["proxy-0"]}), 14),
        (
            json!({"groupName": "farm-b", "openStatus": 1}),
            count(&|phone| phone["group"] == "farm-b" && open(phone)),
        ),
        (json!({"groupName": "no such"}), 0),
        (
            json!({"groupName": "", "tags": [], "ids": [], "serialName": "", "remark": null, "serialNos": []}),
            100,
        ),
    ];
    for (filter, expected) in cases {
        let mut body = json!({"page": 1, "pageSize": 10});
        body.as_object_mut()
            .unwrap()
            .extend(filter.as_object().unwrap().clone());
        let data = call(&simulator, LIST, body).await["data"].take();
        assert_eq!(data["total"], expected, "{filter}");
        assert_eq!(
            data["items"].as_array().unwrap().len() as u64,
            expected.min(10),
            "{filter}"
        );
    }
    let ids = [&simulator.ids()[40..], &["1".to_owned()]].concat();
    let data = call(&simulator, LIST, json!({"ids": ids, "page": 9, "pageSize": 1})).await["data"].take();
    assert_eq!(
        data["items"].as_array().unwrap().len(),
        60,
        "with ids there is no paging"
    );
}

#[tokio::test]
async fn every_item_carries_the_planted_secrets_and_no_status_three() {
    let simulator = simulator(options(50));
    let answer = call(&simulator, LIST, json!({"page": 1, "pageSize": 100})).await;
    for item in answer["data"]["items"].as_array().unwrap() {
        let text = item.to_string();
        for secret in PLANTED_SECRETS {
            assert!(text.contains(secret), "{secret} is missing in {text}");
        }
        assert!(item["status"].as_i64().unwrap() <= 2);
    }
    let (_, truth) = control(&simulator, Method::GET, "phones", "").await;
    assert!(truth.as_array().unwrap().iter().any(|phone| phone["status"] == 3));
}
