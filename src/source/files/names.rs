//! What the names of saved files say: which lie together, and which version of a function or layer is meant.

/// Names by which an archive is known before its bytes are looked at, and whatever they are.
const ARCHIVES: [&str; 10] = [".tar.gz", ".tar.zst", ".zip", ".jar", ".war", ".ear", ".whl", ".egg", ".tar", ".tgz"];

/// A path taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The folder, empty for the root.
    pub folder: &'a str,
    /// The file's name without `.json` or what it ends in as an archive.
    pub stem: &'a str,
}

impl<'a> Name<'a> {
    pub fn of(path: &'a str) -> Name<'a> {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let end = ARCHIVES.into_iter().chain([".json"]).find(|end| ends_with(file, end)).map_or(0, str::len);
        Name { folder, stem: &file[..file.len() - end] }
    }

    /// The innermost folder alone.
    pub fn last_folder(self) -> &'a str {
        self.folder.rsplit_once('/').map_or(self.folder, |(_, last)| last)
    }

    /// The stem and its part before the first dot: `orders.policy.json` belongs to `orders.zip`.
    pub fn stems(self) -> impl Iterator<Item = &'a str> {
        let short = self.stem.split('.').next().filter(|short| !short.is_empty() && *short != self.stem);
        [Some(self.stem), short].into_iter().flatten()
    }
}

/// Whether the name is that of JSON.
pub(super) fn is_json(path: &str) -> bool {
    ends_with(path, ".json")
}

/// Whether the name is that of an archive.
pub(super) fn is_archive(path: &str) -> bool {
    ARCHIVES.into_iter().any(|end| ends_with(path, end))
}

fn ends_with(text: &str, end: &str) -> bool {
    let at = text.len().checked_sub(end.len()).and_then(|at| text.get(at..));
    at.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// What people call the code of a function version: of `$LATEST` by the name alone.
pub(super) fn code_names(name: &str, version: Option<&str>) -> Vec<String> {
    match version {
        None | Some("$LATEST") => vec![name.to_owned()],
        Some(version) => ["-", "_", ":", "."].map(|between| format!("{name}{between}{version}")).to_vec(),
    }
}

/// What people call a layer version, whose ARN ends in its name and number: the ARN, which cannot be mistaken, comes
/// first. `None` for what is no such ARN.
pub(super) fn layer_names(arn: &str) -> Option<LayerNames<'_>> {
    let (rest, version) = arn.rsplit_once(':')?;
    let (rest, name) = rest.rsplit_once(':')?;
    let account = rest.strip_suffix(":layer")?.rsplit_once(':')?.1;
    let exact = [arn.to_owned(), arn.replace(':', "-"), arn.replace(':', "_")].to_vec();
    let short = ["-", "_", ":", "."].map(|between| format!("{name}{between}{version}")).to_vec();
    Some(LayerNames { exact, short, name, version, account })
}

/// What a layer version may be called.
pub(super) struct LayerNames<'a> {
    /// Stems that hold the ARN.
    pub exact: Vec<String>,
    /// Stems of name and number.
    pub short: Vec<String>,
    /// `base`, as a folder around `7.zip`
    pub name: &'a str,
    /// `7`
    pub version: &'a str,
    /// Who owns it.
    pub account: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_together_has_one_stem() {
        let name = |path| (Name::of(path).folder, Name::of(path).stem);
        assert_eq!(name("orders.zip"), ("", "orders"));
        assert_eq!(name("a/b/orders.JSON"), ("a/b", "orders"));
        assert_eq!(name("a/app-1.2.tar.gz"), ("a", "app-1.2"));
        assert_eq!(name("a/README"), ("a", "README"));
        assert_eq!(Name::of("a/b/orders.json").last_folder(), "b");
        assert_eq!(Name::of("orders.policy.json").stems().collect::<Vec<_>>(), ["orders.policy", "orders"]);
        assert_eq!(Name::of(".json").stems().collect::<Vec<_>>(), [""]);
        assert!(is_archive("x.Zip") && !is_archive("zip") && !is_archive("ä") && is_json("ä.json"));
    }

    #[test]
    fn layers_are_called_by_name_and_number() {
        let names = layer_names("arn:aws:lambda:eu-west-1:123456789012:layer:base:7").unwrap();
        assert_eq!((names.name, names.version, names.account), ("base", "7", "123456789012"));
        assert!(names.short.contains(&"base-7".to_owned()));
        assert!(layer_names("base").is_none());
        assert!(layer_names("arn:aws:lambda:eu-west-1:123456789012:function:base:7").is_none());
    }
}
