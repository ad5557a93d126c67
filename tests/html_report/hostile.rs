//! Names that would like to be more than names.

use serde_json::json;

use super::*;

/// Markup, scripts, ends of what they might stand in, addresses that are scripts, characters that turn text around.
const PAYLOAD: &str = "</script></style></title></textarea>--><script>document.title='HACKED'</script>\
    <!--<script><img src=https://evil.example/x onerror=\"document.title='HACKED'\">' onclick=\"alert(1)\" x=\"\
    javascript:alert(1) ${alert(1)} <base href=https://evil.example/> \u{202e}gpj\u{2066}\u{200b}";

/// The full sample with the payload wherever an artifact, a configuration or an advisory can put it.
fn spoiled() -> Verdict {
    let mut scan = full_scan();
    let spoil = |text: &mut String| *text = format!("{PAYLOAD}{text}{PAYLOAD}");
    spoil(&mut scan.name);
    scan.config.runtime.iter_mut().chain(scan.config.handler.iter_mut()).for_each(spoil);
    scan.artifacts.iter_mut().for_each(|artifact| spoil(&mut artifact.path));
    for package in &mut scan.packages {
        spoil(&mut package.name);
        package.version.iter_mut().for_each(spoil);
        package.locations.iter_mut().flat_map(|place| &mut place.path).for_each(spoil);
    }
    let addresses = ["javascript:alert(1)", "CVE-2024-1\" onclick=alert(1)", "GHSA-\u{202e}aaaa", "data:text/html,x"];
    for finding in &mut scan.findings {
        finding.locations.iter_mut().flat_map(|place| &mut place.path).for_each(spoil);
        [&mut finding.title, &mut finding.remediation, &mut finding.fingerprint].into_iter().for_each(spoil);
        finding.fixed.iter_mut().chain(&mut finding.redacted).chain(&mut finding.purl).for_each(spoil);
        finding.aliases.extend(addresses.map(str::to_owned));
    }
    spoil(&mut scan.findings[3].id);
    scan.hooks.iter_mut().for_each(|hook| spoil(&mut hook.what));
    for gap in &mut scan.coverage.gaps {
        gap.location.path.iter_mut().for_each(spoil);
        [&mut gap.detail, &mut gap.by].into_iter().for_each(spoil);
    }
    let mut database = database(DatabaseOrigin::Cache);
    spoil(&mut database.built_at);
    spoil(&mut database.ecosystems[0].name);
    let twin = Scan { name: format!("twin{PAYLOAD}"), ..scan.clone() };
    judge(vec![scan, twin], database, Settings { file: Some(PAYLOAD.to_owned()), ..settings() }, Some(run()))
}

#[test]
fn hostile_names_do_nothing() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&spoiled());
    browser.open(&file, "");
    // Everything that a reader could open or touch.
    browser.eval("document.querySelectorAll('details').forEach(one => one.open = true)");
    browser.eval("new Promise(done => setTimeout(done, 300))");
    browser.eval(
        "document.querySelectorAll('.row, .row .title, .where, dd, li > .what, summary').forEach(one => one.click())",
    );
    browser.eval("new Promise(done => setTimeout(done, 300))");

    assert!(browser.text("document.title").ends_with("Tidewaiter"));
    let foreign =
        "document.querySelectorAll('img, iframe, base, object, embed, link, textarea, [onclick], [onerror]').length";
    assert_eq!(browser.eval(foreign), 0);
    assert_eq!(browser.eval("document.scripts.length"), 2);
    assert_eq!(browser.eval("document.querySelectorAll('style').length"), 1);
    let links = browser.eval("[...document.links].map(link => link.href)");
    let links: Vec<&str> = links.as_array().unwrap().iter().map(|link| link.as_str().unwrap()).collect();
    assert!(links.contains(&"https://github.com/advisories/GHSA-p6mc-m468-83gw"), "honest ids are links");
    assert!(links.contains(&"https://www.cve.org/CVERecord?id=CVE-2020-8203"));
    let page = format!("file://{}#", file.display());
    let known = [
        "https://github.com/advisories/GHSA-",
        "https://www.cve.org/CVERecord?id=CVE-",
        "https://osv.dev/vulnerability/",
    ];
    for link in &links {
        let tail = known.iter().find_map(|start| link.strip_prefix(start));
        assert!(
            link.starts_with(&page)
                || tail.is_some_and(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')),
            "{link}"
        );
    }
    let text = browser.text("document.documentElement.outerHTML");
    assert!(!text.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "what turns text around is shown as an escape");
    assert!(browser.text("document.body.innerText").contains("\\u{202e}gpj"));
    // Names reach ids too, and lead where they say.
    assert_eq!(browser.requests(), [format!("file://{}", file.display())]);
    assert_eq!(browser.complaints(), [""; 0], "not even the content security policy had to step in");
}

#[test]
fn no_request_leaves_the_page_and_nothing_else_runs() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&fleet());
    browser.open(&file, "");
    assert_eq!(browser.requests(), [format!("file://{}", file.display())]);
    assert_eq!(browser.complaints(), [""; 0]);
    // Were there a hole in it, the policy would still hold: the page cannot ask, frame, run or send anything.
    let attempts = [
        "{ const image = new Image(); image.src = 'https://evil.example/x.png'; document.body.append(image); }",
        "fetch('https://evil.example/').catch(() => 0)",
        "{ const frame = document.createElement('iframe'); frame.src = 'https://evil.example/'; document.body.append(frame); }",
        "{ const link = document.createElement('link'); link.rel = 'stylesheet'; link.href = 'https://evil.example/x.css'; \
         document.head.append(link); }",
        "{ const base = document.createElement('base'); base.href = 'https://evil.example/'; document.head.append(base); }",
        "{ const form = document.createElement('form'); form.action = 'https://evil.example/'; document.body.append(form); \
         form.submit(); }",
        "document.body.setAttribute('onclick', \"document.title = 'HACKED'\"), document.body.click()",
    ];
    for attempt in attempts {
        let violated = browser.eval(&format!(
            "new Promise(done => {{ document.addEventListener('securitypolicyviolation', event => done(event.effectiveDirective), \
             {{ once: true }}); setTimeout(() => done(''), 3000); try {{ {attempt}; }} catch {{}} }})"
        ));
        assert_ne!(violated, json!(""), "{attempt}");
    }
    for sink in [
        "document.body.innerHTML = '<b>'",
        "document.createElement('script').text = '1'",
        "document.write('<b>')",
        "document.body.insertAdjacentHTML('beforeend', '<b>')",
    ] {
        let refused = format!(
            "(() => {{ try {{ {sink}; return false; }} catch (error) {{ return error instanceof TypeError; }} }})()"
        );
        assert_eq!(browser.eval(&refused), true, "{sink}");
    }
    assert!(browser.text("document.title").ends_with("Tidewaiter"));
    // Errors that the browser shows in the place of a frame are pages of its own.
    let answered = browser.events("Network.responseReceived");
    assert!(answered.iter().all(|event| !event["response"]["url"].as_str().unwrap().starts_with("http")));
}
