//! The landing page.

use http::header::{CONTENT_SECURITY_POLICY, HeaderName};

use super::backend::About;

/// The page needs its own style and nothing else.
pub(super) const POLICY: (HeaderName, &str) = (
    CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// The landing page. `ready` is an error with a sentence while the exporter is not ready.
pub(super) fn landing(about: &About, telemetry_path: &str, ready: Result<(), String>) -> String {
    let (class, state) = match ready {
        Ok(()) => ("ready", format!("Ready: {}.", about.ready_when)),
        Err(reason) => ("unready", format!("Not ready yet: {reason}")),
    };
    let values = [
        ("{title}", about.title),
        ("{description}", about.description),
        ("{ready_when}", about.ready_when),
        ("{program}", about.program),
        ("{version}", about.version),
        ("{metrics}", telemetry_path),
        ("{class}", class),
        // Last, because the reason may contain a placeholder.
        ("{state}", &state),
    ];
    let template = include_str!("page.html").to_owned();
    values
        .iter()
        .fold(template, |page, (name, value)| page.replace(name, &escape(value)))
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About = About {
        program: "exporter",
        version: "1.0.0",
        title: "Exporter",
        description: "Exports.",
        ready_when: "everything was polled",
    };

    #[test]
    fn the_page_escapes_what_it_shows() {
        let page = landing(&ABOUT, "/metrics", Err("account \"<b>\" & 'co'".to_owned()));
        assert!(
            page.contains("Not ready yet: account &quot;&lt;b&gt;&quot; &amp; &#39;co&#39;</p>"),
            "{page}"
        );
    }

    #[test]
    fn the_page_fills_every_placeholder() {
        let page = landing(&ABOUT, "/metrics", Ok(()));
        assert!(page.contains("Ready: everything was polled.</p>"), "{page}");
        for name in page.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
            assert!(name.0.contains(':'), "{} is left", name.0);
        }
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let page = landing(&ABOUT, "/custom", Ok(()));
        assert!(page.contains("<a href=\"/custom\">/custom</a>"));
        assert!(!page.contains("//") && !page.contains("src="), "{page}");
    }
}
