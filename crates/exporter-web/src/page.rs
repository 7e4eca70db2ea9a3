//! The page a person sees who opens the exporter in a browser.

use http::header::{CONTENT_SECURITY_POLICY, HeaderName};

use super::settings::About;

/// The page needs nothing but its own style; nothing else shall run in it.
pub(super) const POLICY: (HeaderName, &str) = (
    CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// The landing page. `unready` is the sentence why the exporter is not ready yet.
pub(super) fn landing(about: &About, telemetry_path: &str, unready: Option<&str>) -> String {
    let [program, version, title, description, ready_when] = [
        about.program,
        about.version,
        about.title,
        about.description,
        about.ready_when,
    ]
    .map(escape);
    let metrics = escape(telemetry_path);
    let state = match unready {
        None => format!("<p class=\"ready\">Ready: {ready_when}.</p>"),
        Some(reason) => format!("<p class=\"unready\">Not ready yet: {}</p>", escape(reason)),
    };
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }}
dt {{ margin-top: .75rem; }}
dd {{ margin-left: 1.5rem; }}
.ready {{ border-left: 4px solid #2e7d32; padding-left: .75rem; }}
.unready {{ border-left: 4px solid #b26a00; padding-left: .75rem; }}
footer {{ margin-top: 2rem; opacity: .7; font-size: .875rem; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{description}</p>
{state}
<dl>
<dt><a href=\"{metrics}\">{metrics}</a></dt><dd>what Prometheus scrapes</dd>
<dt><a href=\"/-/healthy\">/-/healthy</a></dt><dd>200 as long as the process serves</dd>
<dt><a href=\"/-/ready\">/-/ready</a></dt><dd>200 once {ready_when}</dd>
</dl>
<footer>{program} {version}</footer>
</body>
</html>
"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_page_shows_is_escaped() {
        let page = landing(&About::default(), "/metrics", Some("account \"<b>\" & 'co'"));
        assert!(
            page.contains("Not ready yet: account &quot;&lt;b&gt;&quot; &amp; &#39;co&#39;</p>"),
            "{page}"
        );
    }

    #[test]
    fn the_page_loads_nothing_from_elsewhere() {
        let page = landing(&About::default(), "/custom", None);
        assert!(page.contains("<a href=\"/custom\">/custom</a>"));
        assert!(!page.contains("//") && !page.contains("src="), "{page}");
    }
}
