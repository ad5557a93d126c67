//! Files that Python reads when it starts (<https://docs.python.org/3/library/site.html>): `.pth` files, of which every
//! line that begins with `import` is executed, and the modules `sitecustomize` and `usercustomize`.

use super::known::Known;
use super::{Standing, Traces, What, place};
use crate::artifact::Piece;
use crate::formats::paths::{file_name, folder_of};
use crate::model::{ArtifactRole, Location};

/// A file that is not text up to here is none that Python would read: weights of neural networks share the suffix.
const TEXT: usize = 8 << 10;

/// Looks at the first piece of an entry.
pub(super) fn look(known: &Known, here: &Location, role: ArtifactRole, piece: Piece<'_>, traces: &mut Traces) {
    let name = here.innermost();
    let file = file_name(name);
    let is_pth = file.ends_with(".pth");
    if !is_pth && !file.contains("customize") && !name.contains("customize/") {
        return;
    }
    let module = name.strip_suffix("/__init__.py").or_else(|| name.strip_suffix(".py"));
    let (site, runs) = if is_pth {
        let Some(runs) = runs_code(piece) else { return };
        (folder_of(name), runs)
    } else if let Some(module) = module.filter(|name| matches!(file_name(name), "sitecustomize" | "usercustomize")) {
        (folder_of(module), true)
    } else {
        return;
    };
    let standing = match (known.rows(name).is_empty(), known.is_site(site)) {
        (false, _) => Standing::Recorded,
        (true, true) => Standing::Unrecorded,
        (true, false) => Standing::NoList,
    };
    if known.is_site(site) || (here.path.len() == 1 && place::is_site(site, role)) {
        traces.add(here, What::Startup { runs, standing });
    }
}

/// Whether a `.pth` file executes something; `None` if it is no text.
fn runs_code(piece: Piece<'_>) -> Option<bool> {
    let bytes = piece.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(piece.bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() < TEXT => return None,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
    };
    if text.contains('\0') {
        return None;
    }
    Some(text.lines().any(|line| line.starts_with("import ") || line.starts_with("import\t")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, role: ArtifactRole, bytes: &[u8]) -> Vec<What> {
        let mut traces = Traces::default();
        let list = Location::artifact(0).child("lib/a-1.dist-info/RECORD");
        traces.read_list(&list, b"a-nspkg.pth,sha256=x,1\na/sitecustomize.py,,\n");
        let known = traces.known();
        look(&known, &Location::artifact(0).child(path), role, Piece::whole(bytes), &mut traces);
        traces.seen.into_iter().map(|trace| trace.what).collect()
    }

    #[test]
    fn a_pth_file_runs_its_imports() {
        let unrecorded = |runs| vec![What::Startup { runs, standing: Standing::Unrecorded }];
        let code = ArtifactRole::Code;
        assert_eq!(told("lib/x.pth", code, b"# a\nimport os; os.system('x')\n"), unrecorded(true));
        assert_eq!(told("lib/x.pth", code, b"\xEF\xBB\xBFimport\tx"), unrecorded(true));
        assert_eq!(told("lib/x.pth", code, b"../elsewhere\nimportant\n"), unrecorded(false));
        let recorded = [What::Startup { runs: true, standing: Standing::Recorded }];
        assert_eq!(told("lib/a-nspkg.pth", code, b"import x"), recorded);
        for (path, bytes) in [("lib/model.pth", &b"PK\x03\x04\0\xFF\nimport x"[..]), ("data/x.pth", b"import x")] {
            assert_eq!(told(path, code, bytes), [], "{path}");
        }
    }

    #[test]
    fn the_runtimes_own_folders_count_without_a_list() {
        let no_list = [What::Startup { runs: true, standing: Standing::NoList }];
        assert_eq!(told("x.pth", ArtifactRole::Code, b"import x"), no_list);
        assert_eq!(told("python/x.pth", ArtifactRole::Layer, b"import x"), no_list);
        assert_eq!(told("python/lib/python3.12/site-packages/sitecustomize.py", ArtifactRole::Layer, b""), no_list);
        assert_eq!(told("python/x.pth", ArtifactRole::Code, b"import x"), []);
    }

    #[test]
    fn customize_modules_count_where_they_can_be_imported() {
        let unrecorded = [What::Startup { runs: true, standing: Standing::Unrecorded }];
        for path in ["lib/sitecustomize.py", "lib/usercustomize/__init__.py"] {
            assert_eq!(told(path, ArtifactRole::Code, b""), unrecorded, "{path}");
        }
        for path in ["lib/a/sitecustomize.py", "lib/mycustomize.py", "lib/sitecustomize.txt"] {
            assert_eq!(told(path, ArtifactRole::Code, b""), [], "{path}");
        }
    }
}
