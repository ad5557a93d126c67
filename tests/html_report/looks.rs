//! Colours, keys, screen readers, narrow windows and paper.

use serde_json::{Value, json};

use super::*;

const BACKGROUND: &str = "getComputedStyle(document.documentElement).backgroundColor";

#[test]
fn dark_and_light_follow_the_system_and_the_button() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&fleet());
    browser.prefer("light");
    browser.open(&file, "");
    let light = browser.text(BACKGROUND);
    let contrasts = browser.eval(CONTRASTS);
    assert_eq!(contrasts, json!([]), "text that is hard to read, light");
    browser.prefer("dark");
    let dark = browser.text(BACKGROUND);
    assert_ne!(light, dark);
    let contrasts = browser.eval(CONTRASTS);
    assert_eq!(contrasts, json!([]), "text that is hard to read, dark");
    let press =
        "(() => { const button = document.getElementById('theme'); button.click(); return button.textContent; })()";
    assert_eq!(browser.text(press), "Theme: light");
    assert_eq!(browser.text(BACKGROUND), light);
    assert_eq!(browser.text(press), "Theme: dark");
    browser.prefer("light");
    assert_eq!(browser.text(BACKGROUND), dark);
    // It stays so when the page is opened again.
    browser.open(&file, "");
    assert_eq!(browser.text(BACKGROUND), dark);
    assert_eq!(browser.text(press), "Theme: system");
    assert_eq!(browser.text(BACKGROUND), light);
}

/// Elements with text of their own whose contrast with the background is under 4.5:1
/// (<https://www.w3.org/TR/WCAG22/#contrast-minimum>).
pub const CONTRASTS: &str = "(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const channels = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = (rgb) => {
        const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (node) => {
        for (let at = node; at; at = at.parentElement) {
            const colour = channels(getComputedStyle(at).backgroundColor);
            if (colour[3] === 255) return colour.slice(0, 3);
        }
        return [255, 255, 255];
    };
    const poor = [];
    for (const node of document.querySelectorAll('body *:not(script):not(svg):not(svg *):not(.none):not(.none *)')) {
        const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
        if (!own || !node.checkVisibility()) continue;
        const [a, b] = [light(channels(getComputedStyle(node).color).slice(0, 3)), light(behind(node))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) poor.push(`${node.className || node.tagName} ${node.textContent}: ${ratio.toFixed(2)}`);
    }
    return poor;
})()";

#[test]
fn a_keyboard_is_enough() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&fleet());
    browser.open(&file, "");
    browser.press("Tab");
    assert_eq!(browser.text("document.activeElement.textContent"), "Skip to the findings");
    browser.press("Enter");
    browser.press("Tab");
    assert_eq!(browser.text("document.activeElement.type"), "search", "the first thing behind the link");
    browser.write("token");
    browser.eval("new Promise(done => setTimeout(done, 400))");
    let in_row = "document.activeElement.matches('#finding-list .row summary')";
    for _ in 0..30 {
        if browser.eval(in_row) == true {
            break;
        }
        browser.press("Tab");
    }
    let at = "[...document.querySelectorAll('#finding-list summary')].indexOf(document.activeElement)";
    assert_eq!(browser.eval(at), 0);
    browser.press("ArrowDown");
    assert_eq!(browser.eval(at), 1);
    browser.press("ArrowUp");
    browser.press("Enter");
    browser.eval("new Promise(done => setTimeout(done, 200))");
    let text = browser.text("document.activeElement.closest('details[open]').querySelector('.detail').innerText");
    assert!(text.contains("Do something about it.") && text.contains("fn.zip!"), "{text}");
    // Whoever tabs sees where they are.
    assert_ne!(browser.text("getComputedStyle(document.activeElement.closest('.row')).outlineStyle"), "none");
}

#[test]
fn a_screen_reader_finds_its_way() {
    let Some(mut browser) = Browser::start() else { return };
    let (_folder, file) = written(&fleet());
    browser.open(&file, "");
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let nodes: Vec<(&str, &str)> = tree["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["ignored"] == false)
        .map(|node| (node["role"]["value"].as_str().unwrap_or(""), node["name"]["value"].as_str().unwrap_or("")))
        .collect();
    for landmark in [
        ("banner", ""),
        ("main", ""),
        ("navigation", "Sections"),
        ("region", "Overview"),
        ("region", "Functions"),
        ("region", "Findings"),
        ("region", "Not seen"),
        ("search", "Filter findings"),
        ("searchbox", "Search findings"),
        ("group", "Severity"),
        ("group", "Kind"),
        ("combobox", "Function"),
    ] {
        assert!(nodes.contains(&landmark), "{landmark:?} is not among {nodes:?}");
    }
    let nameless: Vec<_> = nodes
        .iter()
        .filter(|(role, name)| {
            ["button", "link", "checkbox", "combobox", "searchbox", "image", "heading"].contains(role)
                && name.is_empty()
        })
        .collect();
    assert!(nameless.is_empty(), "{nameless:?}");
    assert!(nodes.iter().any(|(role, _)| *role == "status"), "results are announced");
    let levels =
        browser.eval("[...document.querySelectorAll('h1, h2, h3')].map(heading => Number(heading.tagName[1]))");
    let levels: Vec<i64> = levels.as_array().unwrap().iter().filter_map(Value::as_i64).collect();
    assert!(levels[0] == 1 && levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}

#[test]
fn narrow_windows_and_paper_hold_it() {
    let Some(mut browser) = Browser::start() else { return };
    let mut verdict = fleet();
    // Nothing to break a line at.
    verdict.targets[0].scan.name = "a".repeat(300);
    verdict.targets[0].findings[0].finding.title = "b".repeat(300);
    verdict.targets[0].gaps[0].gap.detail = "c".repeat(300);
    let (_folder, file) = written(&verdict);
    for width in [320, 768, 1920] {
        browser.resize(width, 800);
        browser.open(&file, "");
        browser.eval("document.querySelectorAll('details').forEach(one => one.open = true)");
        browser.eval("new Promise(done => setTimeout(done, 200))");
        let over = browser.eval("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(over, 0, "at {width} pixels nothing sticks out");
    }
    let paper = browser.print();
    assert!(paper.starts_with(b"%PDF-"));
}
