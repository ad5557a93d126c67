//! Where runtimes look.

use crate::model::ArtifactRole;

/// Whether Lambda's Python reads `.pth` files of this folder of an artifact's first level.
///
/// Its bootstrap makes `/var/task`, `/opt/python` and the `site-packages` in it site directories
/// (`add_default_site_directories` in <https://github.com/aws/aws-lambda-python-runtime-interface-client>); Azure
/// installs into `.python_packages`
/// (<https://learn.microsoft.com/en-us/azure/azure-functions/functions-reference-python>).
pub(super) fn is_site(folder: &str, role: ArtifactRole) -> bool {
    match role {
        ArtifactRole::Code => matches!(folder, "" | ".python_packages/lib/site-packages"),
        ArtifactRole::Layer => {
            folder == "python" || (folder.starts_with("python/lib/python3.") && folder.ends_with("/site-packages"))
        }
        _ => false,
    }
}
