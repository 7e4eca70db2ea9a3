//! Answers that are no answers.

use super::scene::cost_one_batch;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_for_people() {
    cost_one_batch(&[("html", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body() {
    cost_one_batch(&[("empty", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer() {
    cost_one_batch(&[("truncated", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text() {
    cost_one_batch(&[("not-utf8", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_within_lists() {
    cost_one_batch(&[("deep:400000", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off() {
    cost_one_batch(&[("cut", "body")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enormous_body() {
    cost_one_batch(&[("huge:200M", "body")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_bomb() {
    cost_one_batch(&[("bomb:1G", "body")]).await;
}
