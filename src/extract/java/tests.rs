use crate::extract::{ALL, Entry, Joined, LockedVersions, Sink, join};
use crate::model::{Evidence, Level, Location, Package};

const CLASS: &[u8] = b"\xCA\xFE\xBA\xBE\0\0\0\x34\0\x10";

/// Joins an artifact of this name whose entries are these; `!` stands between an archive and its entry. A path that
/// ends in `.class` is a class whatever its text says.
fn joined(artifact: &str, entries: &[(&str, &str)]) -> Joined {
    let read = |entries: &mut dyn Iterator<Item = &(&str, &str)>| {
        let mut sink = Sink { artifact: Some(artifact.to_owned()), ..Sink::default() };
        for (path, text) in entries {
            let location = path.split('!').fold(Location::artifact(0), |outer, part| outer.child(part));
            let bytes = if path.ends_with(".class") { CLASS } else { text.as_bytes() };
            let head = &bytes[..bytes.len().min(512)];
            for extractor in ALL.iter().filter(|extractor| extractor.wants(location.innermost(), head)) {
                let mut one = Sink::default();
                extractor.extract(&Entry { location: &location, bytes }, &mut one);
                sink.append(one);
            }
        }
        join(sink, &LockedVersions::default())
    };
    let forward = read(&mut entries.iter());
    assert_eq!(forward.packages, read(&mut entries.iter().rev()).packages, "the order of entries matters");
    forward
}

/// `name version evidence` of every package.
fn rows(joined: &Joined) -> Vec<String> {
    let row = |package: &Package| {
        format!("{} {} {}", package.name, package.version.as_deref().unwrap_or("-"), package.evidence.word())
    };
    joined.packages.iter().map(row).collect()
}

fn gaps(joined: &Joined) -> Vec<&str> {
    joined.gaps.iter().map(|gap| gap.detail.as_str()).collect()
}

fn properties(name: &str) -> String {
    let mut parts = name.split(':');
    let mut next = || parts.next().unwrap_or_default();
    format!("groupId={}\nartifactId={}\nversion={}\n", next(), next(), next())
}

/// An entry `META-INF/maven/g/a/pom.properties` of a jar.
fn pom(jar: &str, name: &str) -> (String, String) {
    let mut parts = name.split(':');
    let mut next = || parts.next().unwrap_or_default();
    (format!("{jar}META-INF/maven/{}/{}/pom.properties", next(), next()), properties(name))
}

fn pom_xml(jar: &str, name: &str, wants: &[&str]) -> (String, String) {
    let tags = |name: &str| {
        let tags = ["groupId", "artifactId", "version"].into_iter().zip(name.split(':'));
        tags.map(|(tag, text)| format!("<{tag}>{text}</{tag}>")).collect::<String>()
    };
    let wants: String = wants.iter().map(|want| format!("<dependency>{}</dependency>", tags(want))).collect();
    let text = format!("<project>{}<dependencies>{wants}</dependencies></project>", tags(name));
    (pom(jar, name).0.replace("pom.properties", "pom.xml"), text)
}

fn read(artifact: &str, entries: &[(String, String)]) -> Joined {
    let entries: Vec<_> = entries.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    joined(artifact, &entries)
}

fn class(path: &str) -> (String, String) {
    (path.to_owned(), String::new())
}

#[test]
fn the_pom_that_the_file_is_named_after_is_its_own() {
    let poms =
        |jar: &str| ["org.a:thing:1.0", "org.b:thing-core:2.0", "org.b:other:3.0"].map(|name| pom(jar, name)).to_vec();
    for (jar, own) in [
        ("lib/thing-core-2.0.jar!", "org.b:thing-core 2.0 installed"),
        ("lib/thing-core.jar!", "org.b:thing-core 2.0 installed"),
        ("lib/thing-core-2.0-linux.jar!", "org.b:thing-core 2.0 installed"),
        ("lib/thing-1.1.jar!", "org.a:thing 1.0 installed"),
        ("lib/org.b.other-3.0.jar!", "org.b:other 3.0 installed"),
        ("lib/thingy.jar!", ""),
    ] {
        let rows = rows(&read("f.zip", &poms(jar)));
        assert_eq!(rows.len(), 3);
        let installed: Vec<_> = rows.iter().filter(|row| row.ends_with("installed")).collect();
        assert_eq!(installed, if own.is_empty() { vec![] } else { vec![own] }, "{jar}");
    }
    assert!(rows(&read("thing-1.0.jar", &poms(""))).contains(&"org.a:thing 1.0 installed".to_owned()));
}

#[test]
fn without_a_file_name_the_pom_that_asks_for_the_others_is_its_own() {
    let entries = [
        pom_xml("", "com.example:fn:1.0", &["org.a:a:1.0"]),
        pom_xml("", "org.a:a:1.0", &["org.b:b:2.0", "org.c:c:1"]),
        pom("", "org.b:b:2.0"),
        class("com/example/Handler.class"),
        class("org/a/A.class"),
        class("org/b/B.class"),
    ];
    let joined = read("function.zip", &entries);
    assert_eq!(rows(&joined), ["com.example:fn 1.0 installed", "org.a:a 1.0 embedded", "org.b:b 2.0 embedded"]);
    assert_eq!(gaps(&joined), [""; 0]);
    let direct: Vec<_> = joined.packages.iter().map(|package| package.direct).collect();
    assert_eq!(direct, [Some(false), Some(true), Some(false)]);
    assert_eq!(joined.packages[1].requires, ["org.b:b", "org.c:c"]);
}

#[test]
fn a_project_tells_the_versions_of_what_lost_its_pom() {
    let entries = [
        pom_xml("", "com.example:fn:1.0", &["org.a:a:1.0", "org.yaml:snakeyaml:1.33"]),
        pom("", "org.a:a:1.0"),
        class("com/example/Handler.class"),
        class("org/yaml/snakeyaml/Yaml.class"),
    ];
    let expected = [
        "com.example:fn 1.0 installed",
        "org.a:a 1.0 embedded",
        "org.yaml:snakeyaml - presence",
        "org.yaml:snakeyaml 1.33 declared",
    ];
    assert_eq!(rows(&read("f.zip", &entries)), expected);
    // A library alone has none of what it asks for, and misses nothing.
    assert_eq!(rows(&read("fn-1.0.jar", &entries[..1])), ["com.example:fn 1.0 installed"]);
}

#[test]
fn a_pom_alone_is_the_jars_own_if_it_accounts_for_its_classes() {
    let alone = |folder: &str, manifest: &str| {
        let entries = [
            pom("renamed.jar!", "org.a.b:thing:1.0"),
            class(&format!("renamed.jar!{folder}/A.class")),
            ("renamed.jar!META-INF/MANIFEST.MF".to_owned(), manifest.to_owned()),
        ];
        let joined = read("f.zip", &entries);
        (joined.packages[0].evidence, joined.gaps.len())
    };
    assert_eq!(alone("org/a/b/x", ""), (Evidence::Installed, 0));
    assert_eq!(alone("net/thing", ""), (Evidence::Installed, 0));
    assert_eq!(alone("com/example", ""), (Evidence::Embedded, 1));
    assert_eq!(alone("com/example", "Implementation-Version: 1.0\n"), (Evidence::Installed, 0));
}

#[test]
fn a_merged_jar_without_poms_names_what_is_well_known_and_tells_the_rest() {
    let entries = [
        class("lib/app-all.jar!com/example/App.class"),
        class("lib/app-all.jar!com/example/x/org/yaml/snakeyaml/Yaml.class"),
        class("lib/app-all.jar!com/fasterxml/jackson/databind/ObjectMapper.class"),
        class("lib/app-all.jar!org/foo/bar/Foo.class"),
    ];
    let joined = read("f.zip", &entries);
    let names = ["com.fasterxml.jackson.core:jackson-databind - presence", "org.yaml:snakeyaml - presence"];
    assert_eq!(rows(&joined), names);
    let [unversioned, opaque] = &gaps(&joined)[..] else { panic!("{:?}", joined.gaps) };
    assert!(unversioned.starts_with("classes of com.fasterxml.jackson.core:jackson-databind, org.yaml:snakeyaml are"));
    assert!(opaque.contains("com/example, org/foo/bar"), "{opaque}");
    assert!(joined.gaps.iter().all(|gap| gap.level == Level::Note && gap.location.innermost() == "lib/app-all.jar"));
}

#[test]
fn the_functions_own_classes_are_its_own() {
    for (entries, opaque) in [
        (vec!["com/example/A.class", "com/example/b/B.class", "App.class"], false),
        (vec!["com/example/A.class", "org/foo/B.class"], true),
        (vec!["com/github/me/A.class", "com/github/other/B.class"], true),
        (vec!["com/example/A.class", "javax/annotation/B.class"], false),
    ] {
        let entries: Vec<_> = entries.into_iter().map(class).collect();
        assert_eq!(!read("f.zip", &entries).gaps.is_empty(), opaque, "{entries:?}");
    }
}

#[test]
fn known_classes_are_not_named_twice() {
    let jar = "lib/snakeyaml-1.33.jar!";
    let joined =
        read("f.zip", &[pom(jar, "org.yaml:snakeyaml:1.33"), class(&format!("{jar}org/yaml/snakeyaml/Yaml.class"))]);
    assert_eq!(rows(&joined), ["org.yaml:snakeyaml 1.33 installed"]);
    let jar = "lib/tool-1.0.jar!";
    let shaded = [
        pom(jar, "com.tool:tool:1.0"),
        class(&format!("{jar}com/tool/Tool.class")),
        class(&format!("{jar}com/tool/shaded/org/yaml/snakeyaml/Yaml.class")),
    ];
    assert_eq!(rows(&read("f.zip", &shaded)), ["com.tool:tool 1.0 installed", "org.yaml:snakeyaml - presence"]);
    let with_pom = [&shaded[..], &[pom(jar, "org.yaml:snakeyaml:1.30")]].concat();
    let joined = read("f.zip", &with_pom);
    assert_eq!(rows(&joined), ["com.tool:tool 1.0 installed", "org.yaml:snakeyaml 1.30 embedded"]);
    assert_eq!(gaps(&joined), [""; 0]);
    let owner = |path: &str| {
        let place = path.split('!').fold(Location::artifact(0), |outer, part| outer.child(part));
        joined.owners.owner_of(&place).map(|owner| owner.name.clone())
    };
    assert_eq!(
        owner("lib/tool-1.0.jar!com/tool/shaded/org/yaml/snakeyaml/a.txt").as_deref(),
        Some("org.yaml:snakeyaml")
    );
    assert_eq!(owner("lib/tool-1.0.jar!any.properties").as_deref(), Some("com.tool:tool"));
    assert_eq!(owner("any.properties"), None);
}

#[test]
fn an_executable_jar_keeps_its_libraries() {
    let manifest = "Main-Class: org.springframework.boot.loader.JarLauncher\nStart-Class: com.example.App\n\
                    Spring-Boot-Version: 2.7.0\n";
    let entries = [
        ("META-INF/MANIFEST.MF".to_owned(), manifest.to_owned()),
        class("org/springframework/boot/loader/JarLauncher.class"),
        class("BOOT-INF/classes/com/example/App.class"),
        pom("BOOT-INF/lib/a-1.jar!", "org.a:a:1"),
        pom("BOOT-INF/lib/a-1.jar!inner/b-2.jar!", "org.b:b:2"),
    ];
    let expected =
        ["org.a:a 1 installed", "org.b:b 2 embedded", "org.springframework.boot:spring-boot-loader 2.7.0 embedded"];
    for artifact in ["app.jar", "app.zip"] {
        let joined = read(artifact, &entries);
        assert_eq!(rows(&joined), expected);
        assert_eq!(gaps(&joined), [""; 0]);
    }
    let nested: Vec<_> = entries.iter().map(|(path, text)| (format!("app.jar!{path}"), text.clone())).collect();
    assert_eq!(rows(&read("f.zip", &nested)), expected);
    assert_eq!(gaps(&read("f.zip", &nested)), [""; 0]);
}

#[test]
fn what_is_unclear_is_said() {
    let broken = ("a.jar!META-INF/maven/g/a/pom.xml".to_owned(), "<project".to_owned());
    let unresolved = pom("b.jar!", "g:b:${revision}");
    let nameless = ("c.jar!META-INF/maven/pom.properties".to_owned(), "version=1".to_owned());
    let ungrouped = class("legacy-1.4.jar!org/legacy/A.class");
    let joined = read("f.zip", &[broken, unresolved, nameless, ungrouped]);
    assert_eq!(rows(&joined), ["g:a - installed", "g:b - installed", "legacy - presence"]);
    let mut gaps = gaps(&joined);
    gaps.sort_unstable();
    assert_eq!(
        gaps,
        [
            "a Maven package whose group or name stands neither in its pom nor in the folder's name",
            "no version of g:a is told here: listed, not matched",
            "no version of g:b is told here: listed, not matched",
            "the file calls itself legacy 1.4, but nothing proves its group: listed, not matched",
        ]
    );
}

#[test]
fn jars_that_are_no_copy_of_their_package_are_passed_over() {
    for jar in ["a-1.0-sources.jar!", "a-1.0-tests.jar!", "a-1.0-javadoc.jar!"] {
        let joined = read("f.zip", &[pom(jar, "g:a:1.0"), class(&format!("{jar}x/y/ATest.class"))]);
        assert_eq!((rows(&joined), gaps(&joined)), (vec![], vec![]), "{jar}");
    }
}

#[test]
fn an_agents_instrumentation_is_not_what_it_changes() {
    let weaving = |jar: &str| {
        let manifest = "Implementation-Title: jetty-server\nImplementation-Version: 9\nWeave-Classes: x\n";
        let manifest = (format!("{jar}META-INF/MANIFEST.MF"), manifest.to_owned());
        let classes = ["com/agent/Weaver.class", "org/eclipse/jetty/server/A.class"];
        [manifest, class(&format!("{jar}{}", classes[0])), class(&format!("{jar}{}", classes[1]))]
    };
    let joined = read("f.zip", &weaving("lib/jetty-server-9.jar!"));
    assert_eq!(rows(&joined), [""; 0]);
    assert_eq!(joined.gaps.len(), 1, "nothing names it");
    let agent = [pom("agent.jar!", "com.agent:agent:1")];
    let joined = read("f.zip", &[&agent[..], &weaving("agent.jar!instrumentation/jetty-server-9.jar!")].concat());
    assert_eq!((rows(&joined), gaps(&joined)), (vec!["com.agent:agent 1 installed".to_owned()], vec![]));
    let library = class("agent.jar!lib/unknown.jar!org/foo/A.class");
    assert_eq!(read("f.zip", &[&agent[..], &[library]].concat()).gaps.len(), 1, "it is loaded for itself");
}

#[test]
fn many_poms_and_folders_take_time_in_their_number() {
    let mut entries = Vec::new();
    for i in 0..5_000 {
        entries.push(pom("", &format!("g{i}.h:a{i}:1")));
        entries.push(class(&format!("p{i}/q/R.class")));
    }
    let start = crate::formats::clock::spent();
    assert_eq!(read("f.zip", &entries).packages.len(), 5_000);
    assert!((crate::formats::clock::spent() - start).as_secs() < 20);
}
