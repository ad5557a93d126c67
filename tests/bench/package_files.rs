//! A file of usual size for each extractor, with [`PACKAGES`] packages where the format lists them.

use crate::synthetic::Synthetic;

/// Packages of a lock file, a manifest or a bill of materials.
const PACKAGES: usize = 300;

/// The lines of all packages: the numbers are those of the package and of one that it needs.
fn each(separator: &str, line: impl Fn(usize, usize) -> String) -> String {
    let lines: Vec<String> = (0..PACKAGES).map(|number| line(number, (number + 1) % PACKAGES)).collect();
    lines.join(separator)
}

/// Path and bytes of a file that the extractor of that id reads.
///
/// # Panics
/// On an id without a file: a new extractor needs one here.
pub fn of(id: &str) -> (&'static str, Vec<u8>) {
    let mut made = Synthetic::new(21);
    let (path, text) = match id {
        "bun-lock" => (
            "bun.lock",
            format!(
                "{{\"lockfileVersion\": 1, \"workspaces\": {{\"\": {{\"name\": \"app\"}}}}, \"packages\": {{\n{}\n}}}}",
                each(",\n", |a, b| format!(
                    r#""p{a}": ["p{a}@1.0.{a}", "", {{"dependencies": {{"p{b}": "^1"}}}}, "sha512-00"]"#
                ))
            ),
        ),
        "bun-lockb" => ("bun.lockb", "#!/usr/bin/env bun\nbun-lockfile-format-v0\n".to_owned()),
        "cargo-lock" => (
            "Cargo.lock",
            format!(
                "version = 4\n\n{}",
                each("\n", |a, b| format!(
                    "[[package]]\nname = \"p{a}\"\nversion = \"1.0.{a}\"\n\
                     source = \"registry+https://github.com/rust-lang/crates.io-index\"\ndependencies = [\n \"p{b}\",\n]\n"
                ))
            ),
        ),
        "composer-installed" => ("vendor/composer/installed.json", composer_packages("packages")),
        "composer-lock" => ("composer.lock", composer_packages("packages")),
        "composer-json" => {
            ("composer.json", format!("{{\"require\": {{{}}}}}", each(", ", |a, _| format!("\"acme/p{a}\": \"^1.{a}\""))))
        }
        "composer-runtime" => (
            "vendor/composer/installed.php",
            format!(
                "<?php return array(\n 'root' => array('name' => 'me/app', 'pretty_version' => '1.0.0'),\n 'versions' => array(\n{}\n ),\n);\n",
                each("\n", |a, _| format!(
                    "  'acme/p{a}' => array('pretty_version' => '1.0.{a}', 'version' => '1.0.{a}.0', \
                     'install_path' => __DIR__ . '/../acme/p{a}', 'dev_requirement' => false),"
                ))
            ),
        ),
        "cyclonedx" => (
            "bom.cdx.json",
            format!(
                "{{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.5\", \"components\": [{}]}}",
                each(",\n", |a, _| format!(
                    r#"{{"type": "library", "name": "p{a}", "version": "1.0.{a}", "purl": "pkg:npm/p{a}@1.0.{a}"}}"#
                ))
            ),
        ),
        "dotnet-deps" => (
            "App.deps.json",
            format!(
                "{{\"runtimeTarget\": {{\"name\": \".NETCoreApp,Version=v8.0\"}}, \"targets\": {{\".NETCoreApp,Version=v8.0\": \
                 {{{}}}}}, \"libraries\": {{{}}}}}",
                each(",\n", |a, b| format!(
                    r#""P{a}/1.0.{a}": {{"dependencies": {{"P{b}": "1.0.0"}}, "runtime": {{"lib/net8.0/P{a}.dll": {{}}}}}}"#
                )),
                each(",\n", |a, _| format!(r#""P{a}/1.0.{a}": {{"type": "package", "sha512": "x"}}"#))
            ),
        ),
        "java-class" => return ("com/acme/app/Handler.class", b"\xCA\xFE\xBA\xBE\0\0\0\x34\0\x10".to_vec()),
        "java-jar" => {
            ("META-INF/maven/com.acme/app/pom.properties", "groupId=com.acme\nartifactId=app\nversion=1.0.0\n".to_owned())
        }
        "maven-pom" => (
            "pom.xml",
            format!(
                "<project><modelVersion>4.0.0</modelVersion><groupId>com.acme</groupId><artifactId>app</artifactId>\
                 <version>1.0.0</version><dependencies>\n{}\n</dependencies></project>",
                each("\n", |a, _| format!(
                    "<dependency><groupId>com.acme</groupId><artifactId>p{a}</artifactId><version>1.0.{a}</version></dependency>"
                ))
            ),
        ),
        "gemfile-lock" => (
            "Gemfile.lock",
            format!(
                "GEM\n  remote: https://gems.example.com/\n  specs:\n{}\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  p0\n",
                each("\n", |a, b| format!("    p{a} (1.0.{a})\n      p{b} (>= 1)"))
            ),
        ),
        "js-bundle" => return ("dist/index.js", made.script(1 << 20)),
        "js-map" => (
            "dist/index.js.map",
            format!(
                "{{\"version\": 3, \"sources\": [{}], \"mappings\": \"{}\"}}",
                each(",\n", |a, _| format!("\"../node_modules/p{a}/index.js\"")),
                "AAAA,CAAC;".repeat(50_000)
            ),
        ),
        "js-metafile" => (
            "dist/meta.json",
            format!(
                "{{\"inputs\": {{}}, \"outputs\": {{\"dist/index.js\": {{\"bytes\": 9, \"inputs\": {{{}}}}}}}}}",
                each(",\n", |a, _| format!("\"node_modules/p{a}/index.js\": {{\"bytesInOutput\": {}}}", a + 1))
            ),
        ),
        "js-notice" => (
            "dist/index.js.LICENSE.txt",
            format!("Bundled license information:\n\n{}", each("\n", |a, _| format!("p{a}/lib/i.js:\n  /*! a note */\n"))),
        ),
        "npm-lock" => (
            "package-lock.json",
            format!(
                "{{\"name\": \"app\", \"lockfileVersion\": 3, \"packages\": {{\"\": {{\"name\": \"app\"}},\n{}}}}}",
                each(",\n", |a, b| format!(
                    r#""node_modules/p{a}": {{"version": "1.0.{a}", "dependencies": {{"p{b}": "^1"}}}}"#
                ))
            ),
        ),
        "npm-modules" => (
            "node_modules/p/package.json",
            r#"{"name": "p", "version": "1.0.0", "dependencies": {"q": "^1"}, "scripts": {"test": "x"}}"#.to_owned(),
        ),
        "nuget-lock" => (
            "packages.lock.json",
            format!(
                "{{\"version\": 1, \"dependencies\": {{\"net8.0\": {{{}}}}}}}",
                each(",\n", |a, b| format!(
                    r#""P{a}": {{"type": "Transitive", "resolved": "1.0.{a}", "dependencies": {{"P{b}": "1.0.0"}}}}"#
                ))
            ),
        ),
        "pdm-lock" => ("pdm.lock", format!("[metadata]\nlock_version = \"4.5.0\"\n\n{}", python_tables("package"))),
        "poetry-lock" => ("poetry.lock", format!("{}\n[metadata]\nlock-version = \"2.0\"\n", python_tables("package"))),
        "pylock" => ("pylock.toml", format!("lock-version = \"1.0\"\n\n{}", python_tables("packages"))),
        "uv-lock" => (
            "uv.lock",
            format!(
                "version = 1\n\n{}",
                each("\n", |a, b| format!(
                    "[[package]]\nname = \"p{a}\"\nversion = \"1.0.{a}\"\n\
                     source = {{ registry = \"https://pypi.example.com/simple\" }}\ndependencies = [{{ name = \"p{b}\" }}]\n"
                ))
            ),
        ),
        "pipfile-lock" => (
            "Pipfile.lock",
            format!("{{\"default\": {{{}}}}}", each(",\n", |a, _| format!(r#""p{a}": {{"version": "==1.0.{a}"}}"#))),
        ),
        "pnpm-lock" => (
            "pnpm-lock.yaml",
            format!(
                "lockfileVersion: '9.0'\n\nimporters:\n  .: {{}}\n\npackages:\n{}\n\nsnapshots:\n{}\n",
                each("\n", |a, _| format!("  p{a}@1.0.{a}:\n    resolution: {{integrity: sha512-00}}")),
                each("\n", |a, b| format!("  p{a}@1.0.{a}:\n    dependencies:\n      p{b}: 1.0.{b}"))
            ),
        ),
        "program" => return ("bootstrap", made.program(2 << 20)),
        "pyproject" => (
            "pyproject.toml",
            format!(
                "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [{}]\n",
                each(", ", |a, _| format!("\"p{a}==1.0.{a}\""))
            ),
        ),
        "python-dist" => (
            "p-1.0.0.dist-info/RECORD",
            each("\n", |a, _| format!("p/m{a}.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,{a}")),
        ),
        "python-egg" => {
            ("lib/p-1.0.egg-info/PKG-INFO", "Metadata-Version: 1.1\nName: p\nVersion: 1.0\nSummary: made up\n".to_owned())
        }
        "python-modules" => ("requests/__version__.py", "__title__ = 'requests'\n__version__ = '2.19.1'\n".to_owned()),
        "python-requirements" => ("requirements.txt", each("\n", |a, _| format!("p{a}==1.0.{a}"))),
        "ruby-gem" => (
            "vendor/bundle/ruby/3.2.0/specifications/p-2.0.0.gemspec",
            "# stub: p 2.0.0 ruby lib\n\nGem::Specification.new do |s|\n  s.name = \"p\".freeze\n  s.version = \"2.0.0\"\nend\n"
                .to_owned(),
        ),
        "spdx" => (
            "bom.spdx.json",
            format!(
                "{{\"spdxVersion\": \"SPDX-2.3\", \"packages\": [{}]}}",
                each(",\n", |a, _| format!(
                    r#"{{"SPDXID": "SPDXRef-{a}", "name": "p{a}", "versionInfo": "1.0.{a}", "externalRefs": [{{"referenceCategory":
                    "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/p{a}@1.0.{a}"}}]}}"#
                ))
            ),
        ),
        "yarn-lock" => (
            "yarn.lock",
            format!(
                "# yarn lockfile v1\n\n\n{}",
                each("\n", |a, b| format!(
                    "p{a}@^1.0.0:\n  version \"1.0.{a}\"\n  resolved \"https://npm.example.com/p{a}.tgz\"\n  dependencies:\n    p{b} \"^1\"\n"
                ))
            ),
        ),
        other => panic!("the extractor {other} has no file to be measured with"),
    };
    (path, text.into_bytes())
}

fn composer_packages(key: &str) -> String {
    let packages = each(",\n", |a, b| {
        format!(
            r#"{{"name": "acme/p{a}", "version": "1.0.{a}", "require": {{"acme/p{b}": "^1"}}, "install-path": "../acme/p{a}"}}"#
        )
    });
    format!("{{\"{key}\": [{packages}]}}")
}

/// Tables as the lock files of Python's tools have them.
fn python_tables(key: &str) -> String {
    each("\n", |a, _| format!("[[{key}]]\nname = \"p{a}\"\nversion = \"1.0.{a}\"\n"))
}
