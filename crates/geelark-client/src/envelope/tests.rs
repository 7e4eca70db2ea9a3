//! Status responses of every shape, valid and invalid.

use std::time::Duration;

use super::*;
use crate::Consequence;
use crate::phone::Status;
use crate::{FailedPhone, FoundPhone, StatusResponse};

pub(super) fn reply(body: impl Into<Vec<u8>>) -> Reply {
    Reply {
        status: 200,
        retry_after: None,
        body: body.into().into(),
    }
}

pub(super) fn read(body: impl Into<Vec<u8>>) -> Result<StatusResponse, Failure> {
    decode(&reply(body))
}

/// A successful response with this `data`.
pub(super) fn data(data: &str) -> Result<StatusResponse, Failure> {
    read(format!(
        r#"{{"traceId": "T", "code": 0, "msg": "success", "data": {data}}}"#
    ))
}

pub(super) fn found(id: &str, name: Option<&str>, status: i64) -> FoundPhone {
    FoundPhone {
        id: id.to_owned(),
        name: name.map(ToOwned::to_owned),
        status: Status(status),
    }
}

fn failed(id: &str, code: i64) -> FailedPhone {
    FailedPhone {
        id: id.to_owned(),
        code,
    }
}

fn reason(result: Result<StatusResponse, Failure>) -> Reason {
    result.unwrap_err().reason
}

#[test]
fn the_documented_example_is_decoded() {
    let answer = read(
        r#"{"code": 0, "msg": "成功", "traceId": "123456ABCDEF",
            "data": {"totalAmount": 4, "successAmount": 3, "failAmount": 1,
                     "successDetails": [{"id": "123456ABCDEF", "serialName": "name1", "status": 0},
                                        {"id": "123456ABCDEF", "serialName": "name2", "status": 1},
                                        {"id": "123456ABCDEF", "serialName": "name3", "status": 1}],
                     "failDetails": [{"code": 42001, "id": "123456ABCDEF", "msg": "env not found"}]}}"#,
    );
    let id = "123456ABCDEF";
    let expected = StatusResponse {
        found: vec![
            found(id, Some("name1"), 0),
            found(id, Some("name2"), 1),
            found(id, Some("name3"), 1),
        ],
        failed: vec![failed(id, FailedPhone::NOT_FOUND)],
    };
    assert_eq!(answer, Ok(expected));
}

#[test]
fn a_response_without_lists_has_no_entries() {
    for nothing in [
        "null",
        "{}",
        "[]",
        r#"{"totalAmount": 0}"#,
        r#"{"successDetails": null, "failDetails": null}"#,
        r#"{"successDetails": [], "failDetails": []}"#,
        r#"{"successDetails": []}"#,
    ] {
        assert_eq!(data(nothing), Ok(StatusResponse::default()), "{nothing}");
    }
    assert_eq!(read(r#"{"code": 0}"#), Ok(StatusResponse::default()));
}

#[test]
fn numbers_may_be_strings_and_ids_numbers() {
    let answer = read(
        r#"{"code": "0", "data": {"totalAmount": "3",
            "successDetails": [{"id": 588732926036803641, "serialName": 7, "status": "2"}],
            "failDetails": [{"id": 588732926036803642, "code": "43004"}, {"id": "c", "code": 50000}]}}"#,
    );
    let expected = StatusResponse {
        found: vec![found("588732926036803641", Some("7"), 2)],
        failed: vec![failed("588732926036803642", FailedPhone::EXPIRED), failed("c", 50000)],
    };
    assert_eq!(answer, Ok(expected));
}

#[test]
fn unknown_fields_are_ignored_and_unknown_statuses_kept() {
    let answer = data(
        r#"{"new": {"deep": [1]}, "successDetails": [
            {"id": "a", "serialName": "n", "status": 77, "proxy": {"password": "p"}, "imei": 1},
            {"id": "b", "serialName": "n", "status": -1}]}"#,
    );
    let expected = vec![found("a", Some("n"), 77), found("b", Some("n"), -1)];
    assert_eq!(answer.unwrap().found, expected);
}

#[test]
fn a_list_instead_of_an_object_is_a_decode_failure() {
    assert_eq!(reason(data("[[], []]")), Reason::Decode);
    assert_eq!(
        reason(read(r#" [0, "success", {"successDetails": []}]"#)),
        Reason::Decode
    );
    assert_eq!(reason(data(&("[".repeat(1000) + &"]".repeat(1000)))), Reason::Decode);
}

#[test]
fn a_name_is_kept_as_typed_and_may_be_missing() {
    let answer = data(
        r#"{"successDetails": [
            {"id": "a", "serialName": "quote \" back\\slash\nline 手机 \ud83d\ude00", "status": 0},
            {"id": "b", "serialName": "", "status": 0},
            {"id": "c", "serialName": null, "status": 0},
            {"id": "d", "status": 0},
            {"id": "e", "serialName": {"first": "x"}, "status": 0}]}"#,
    );
    let names: Vec<_> = answer.unwrap().found.into_iter().map(|found| found.name).collect();
    let expected = [Some("quote \" back\\slash\nline 手机 😀"), Some(""), None, None, None];
    assert_eq!(names, expected.map(|name| name.map(ToOwned::to_owned)));
}

#[test]
fn a_bad_entry_affects_no_other_entry() {
    for bad in [
        r#"{"id": "x", "serialName": "half \ud83d", "status": "on"}"#,
        r#"{"id": "x", "status": null}"#,
        r#"{"id": "x", "status": [1]}"#,
        r#"{"id": "x", "status": 99999999999999999999}"#,
        r#"{"id": "x"}"#,
        r#"{"status": 1}"#,
        r#"{"id": null, "status": 1}"#,
        r#"{"id": {}, "status": 1}"#,
        r#"{"id": "x", "id": "y", "status": 1}"#,
        r#""\ud83d""#,
        "null",
        "3",
        "[]",
        "{}",
    ] {
        let answer = data(&format!(
            r#"{{"successDetails": [{{"id": "a", "status": 0}}, {bad}, {{"id": "b", "status": 2}}],
                 "failDetails": [{bad}, {{"id": "c", "code": 42001}}]}}"#
        ))
        .unwrap();
        assert_eq!(answer.found, [found("a", None, 0), found("b", None, 2)], "{bad}");
        assert_eq!(answer.failed, [failed("c", FailedPhone::NOT_FOUND)], "{bad}");
    }
}

#[test]
fn half_an_emoji_in_a_name_is_replaced() {
    let answer = data(r#"{"successDetails": [{"id": "a", "serialName": "\ud83d ok", "status": 1}]}"#).unwrap();
    let name = answer.found[0].name.as_deref().unwrap();
    assert!(name.contains('\u{fffd}') && name.ends_with(" ok"), "{name}");
}

#[test]
fn a_body_without_an_envelope_is_a_decode_failure_with_its_position() {
    let table: [(&[u8], &str); 11] = [
        (b"", "it ends too early (line 1, column 0)"),
        (b"<html>secret</html>", "it is not JSON (line 1, column 1)"),
        (
            b"{\"code\": 0,\n \"data\": {\"a\"",
            "it ends too early (line 2, column 13)",
        ),
        (b"\"secret\"", "it is JSON of another shape"),
        (b"17", "it is JSON of another shape"),
        (b"{}", "its code is missing or not a number"),
        (b"[]", "its code is missing or not a number"),
        (b"{\"code\": \"ok\"}", "its code is missing or not a number"),
        (
            b"{\"code\": 0, \"data\": \"secret\"}",
            "its data is JSON of another shape",
        ),
        (
            b"{\"code\": 0, \"data\": {\"successDetails\": \"secret\"}}",
            "its data is JSON of another shape",
        ),
        (b"{\"code\": 0, \"msg\": \"\xff\"}", "it is not UTF-8 (from byte 20)"),
    ];
    for (body, expected) in table {
        let failure = read(body).unwrap_err();
        assert_eq!(failure.reason, Reason::Decode, "{failure:?}");
        assert!(failure.message.contains(expected), "{failure:?}");
        assert!(!failure.message.contains("secret"), "{failure:?}");
    }
}

#[test]
fn deep_nesting_is_a_decode_failure_not_a_crash() {
    let (open, close) = ("[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(reason(read(format!("{open}{close}"))), Reason::Decode);
    assert_eq!(reason(read(open.clone())), Reason::Decode);
    assert_eq!(
        reason(data(&format!("{{\"failDetails\": {{\"a\": {open}{close}}}}}"))),
        Reason::Decode
    );
    assert_eq!(reason(read(r#"{"data":"#.repeat(100_000))), Reason::Decode);
    let entry = format!(r#"{{"successDetails": [{{"id": {open}{close}, "status": 0}}, {{"id": "a", "status": 0}}]}}"#);
    assert_eq!(data(&entry).unwrap().found, [found("a", None, 0)]);
}

#[test]
fn a_code_is_a_failure_with_any_data() {
    for data in ["", r#", "data": null"#, r#", "data": [[]]"#, r#", "data": "\ud83d""#] {
        let failure = read(format!(r#"{{"code": 40003, "msg": "签名 \"错误\"\n2nd"{data}}}"#)).unwrap_err();
        assert_eq!(failure.reason, Reason::Code(40003));
        assert_eq!(
            failure.message,
            "GeeLark answered 40003 (\"签名 \\\"错误\\\"\\n2nd\"): token or signature refused; \
             check credentials and base_url"
        );
    }
}

#[test]
fn a_long_message_is_shortened() {
    let failure = read(format!(r#"{{"code": 1, "msg": "{}"}}"#, "\\u0007错".repeat(10_000))).unwrap_err();
    assert_eq!(failure.reason, Reason::Code(1));
    assert!(
        failure.message.len() < 300 && failure.message.contains("\\u{7}错"),
        "{failure:?}"
    );
    assert!(failure.message.contains("does not document"), "{failure:?}");
}

#[test]
fn a_failed_batch_with_entries_is_a_response() {
    for code in [40006, 40009, 42001, 43004] {
        let answer = read(format!(
            r#"{{"code": {code}, "msg": "", "data": {{"failDetails": [{{"id": "a", "code": 42001}}]}}}}"#
        ));
        assert_eq!(answer.unwrap().failed, [failed("a", FailedPhone::NOT_FOUND)], "{code}");
        for nothing in ["null", "{}", "\"\"", r#"{"failDetails": []}"#] {
            let answer = read(format!(r#"{{"code": {code}, "data": {nothing}}}"#));
            assert_eq!(reason(answer), Reason::Code(code), "{nothing}");
        }
    }
    let refused = read(r#"{"code": 40004, "data": {"failDetails": [{"id": "a", "code": 42001}]}}"#);
    assert_eq!(refused.unwrap_err().consequence(), Consequence::Split);
}

#[test]
fn another_http_status_is_a_failure_and_geelarks_code_outranks_it() {
    let answer = |status, body: &str| {
        let retry_after = Some(Duration::from_secs(9));
        let body = body.as_bytes().to_vec().into();
        let reply = Reply {
            status,
            retry_after,
            body,
        };
        let failure = decode::<StatusResponse>(&reply).unwrap_err();
        assert_eq!(failure.retry_after, retry_after);
        (failure.reason, failure.message)
    };
    for body in ["<html>", "", r#"{"code": 0}"#, r#"{"code": 502}"#, "{}"] {
        let (reason, message) = answer(502, body);
        assert_eq!(reason, Reason::Http(502), "{body}");
        assert_eq!(
            message,
            "HTTP status 502: GeeLark or a gateway in front of it has a problem"
        );
    }
    assert_eq!(answer(429, r#"{"code": 40014}"#).0, Reason::Code(40014));
    assert_eq!(answer(401, r#"{"code": "40016"}"#).0, Reason::Code(40016));
    assert_eq!(answer(302, "").0, Reason::Http(302));
    assert_eq!(
        answer(799, "").1,
        "HTTP status 799: GeeLark or a gateway in front of it has a problem"
    );
}
