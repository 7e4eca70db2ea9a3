//! The limits of responses, compression, and `Retry-After`.

use super::*;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_response_with_too_large_a_content_length_is_refused_at_once() {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
        ENDPOINT.max_response() + 1
    );
    let server = Server::start([Act::SendAndStall(head.into_bytes())]).await;
    let message = fails(&server.transport(PATIENT), Reason::Body).await;
    assert!(message.contains("larger than 16384 bytes"), "{message}");
}

#[tokio::test]
async fn an_endless_response_is_cut_off() {
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunk = b"400\r\n"
        .iter()
        .copied()
        .chain([b' '; 0x400])
        .chain(*b"\r\n")
        .collect();
    let server = Server::start([Act::SendForEver(head, chunk)]).await;
    fails(&server.transport(PATIENT), Reason::Body).await;
}

#[tokio::test]
async fn a_response_of_exactly_the_limit_is_read() {
    let server = Server::start([Act::Send(answer("200 OK", &vec![b' '; ENDPOINT.max_response()]))]).await;
    assert_eq!(
        post(&server.transport(PATIENT)).await.unwrap().body.len(),
        ENDPOINT.max_response()
    );
}

#[tokio::test]
async fn gzip_is_decompressed_and_a_gzip_bomb_is_refused() {
    let head = "200 OK\r\ncontent-encoding: gzip";
    let bomb = gzip(&vec![b' '; 4 * 1024 * 1024]);
    let server = Server::start([
        Act::Send(answer(head, &gzip(b"{\"code\": 0}"))),
        Act::Send(answer(head, &bomb)),
    ])
    .await;
    assert!(
        bomb.len() <= ENDPOINT.max_response(),
        "what arrives is small; {} bytes",
        bomb.len()
    );
    let transport = server.transport(PATIENT);
    assert_eq!(post(&transport).await.unwrap().body, "{\"code\": 0}");
    fails(&transport, Reason::Body).await;
}

#[tokio::test]
async fn retry_after_is_returned() {
    let server = Server::start([Act::Send(answer("429 Too Many Requests\r\nretry-after: 7", b"<html>"))]).await;
    let reply = post(&server.transport(PATIENT)).await.unwrap();
    assert_eq!((reply.status, reply.retry_after), (429, Some(Duration::from_secs(7))));
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
    let table = [
        (Some("120"), None, Some(120)),
        (Some(" 0 "), None, Some(0)),
        (Some("99999999999999999999999"), None, Some(MAX_RETRY_AFTER.as_secs())),
        (Some("Sun, 06 Nov 1994 08:50:07 GMT"), None, Some(30)),
        (Some("Sun, 06 Nov 1994 08:49:00 GMT"), None, Some(0)),
        (
            Some("Sun, 06 Nov 1994 08:50:07 GMT"),
            Some("Sun, 06 Nov 1994 08:50:02 GMT"),
            Some(5),
        ),
        (Some("Sun, 06 Nov 1994 08:50:07 GMT"), Some("yesterday"), Some(30)),
        (
            Some("Fri, 31 Dec 9999 23:59:59 GMT"),
            None,
            Some(MAX_RETRY_AFTER.as_secs()),
        ),
        (Some("soon"), None, None),
        (Some("-1"), None, None),
        (Some("1.5"), None, None),
        (Some(""), None, None),
        (None, None, None),
    ];
    for (value, date, expected) in table {
        let mut headers = HeaderMap::new();
        for (name, value) in [(RETRY_AFTER, value), (DATE, date)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        let expected = expected.map(Duration::from_secs);
        assert_eq!(retry_after(&headers, now), expected, "{value:?} {date:?}");
    }
}
