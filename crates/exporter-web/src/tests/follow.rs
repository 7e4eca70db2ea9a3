//! Changes of the web configuration file while the server runs.

use std::fs;
use std::path::Path;

use crate::WebConfig;

fn with_user(user: &str) -> String {
    format!("basic_auth_users: {{{user}: {}}}", bcrypt::hash("secret", 4).unwrap())
}

/// Replaces the file with a new inode, as editors do.
fn replace(file: &Path, content: &str) {
    let next = file.with_extension("next");
    fs::write(&next, content).unwrap();
    fs::rename(&next, file).unwrap();
}

/// Looks twice, since a change counts when the file no longer changes.
fn refresh(web_config: &WebConfig) {
    web_config.refresh();
    web_config.refresh();
}

fn has_users(web_config: &WebConfig) -> bool {
    web_config.rules().users.is_some()
}

#[test]
fn a_changed_file_is_read_and_an_invalid_file_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("web.yml");
    fs::write(&file, with_user("alice")).unwrap();
    let web_config = WebConfig::from_file(&file).unwrap();
    let before = web_config.rules();
    refresh(&web_config);
    assert!(
        std::sync::Arc::ptr_eq(&before, &web_config.rules()),
        "an unchanged file was read again"
    );

    replace(
        &file,
        &format!("{}\nhttp_server_config: {{http2: false}}", with_user("bob")),
    );
    refresh(&web_config);
    assert!(web_config.rules().http1_only);

    let good = web_config.rules();
    for bad in [
        "basic_auth_users: {bob: hunter2}",
        "",
        "http_server_config: {http2: true}",
        "{",
    ] {
        replace(&file, bad);
        refresh(&web_config);
        assert!(std::sync::Arc::ptr_eq(&good, &web_config.rules()), "accepted: {bad}");
    }

    replace(&file, &with_user("carol"));
    refresh(&web_config);
    assert!(!web_config.rules().http1_only);
    assert!(has_users(&web_config));
}

#[test]
fn users_can_be_added_while_the_server_runs() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("web.yml");
    fs::write(&file, "").unwrap();
    let web_config = WebConfig::from_file(&file).unwrap();
    assert!(!has_users(&web_config));
    replace(&file, &with_user("alice"));
    refresh(&web_config);
    assert!(has_users(&web_config));
}
