//! Bodies that cannot be read.

use super::fixture::affects_one_batch;

#[tokio::test(flavor = "multi_thread")]
async fn an_html_page_affects_one_batch() {
    affects_one_batch(&[("html", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_affects_one_batch() {
    affects_one_batch(&[("empty", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_body_affects_one_batch() {
    affects_one_batch(&[("truncated", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_utf8_affects_one_batch() {
    affects_one_batch(&[("not-utf8", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deeply_nested_body_affects_one_batch() {
    affects_one_batch(&[("deep:400000", "decode")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_body_affects_one_batch() {
    affects_one_batch(&[("cut", "body")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_body_affects_one_batch() {
    affects_one_batch(&[("huge:200M", "body")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gzip_bomb_affects_one_batch() {
    affects_one_batch(&[("bomb:1G", "body")]).await;
}
