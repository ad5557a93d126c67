//! The checks, as `tidewaiter explain` tells them. Ids never change once released.

use crate::model::FindingKind;

/// One check.
#[derive(Debug)]
pub struct Check {
    /// Its id, also of its findings.
    pub id: &'static str,
    /// What its findings speak of.
    pub kind: FindingKind,
    /// One line.
    pub title: &'static str,
    /// What is compared with what, and what is left out.
    pub meaning: &'static str,
    /// How bad it is, and when.
    pub severity: &'static str,
    /// What to do.
    pub remediation: &'static str,
}

pub(super) const FILE_CHANGED: Check = Check {
    id: "file-changed",
    kind: FindingKind::Integrity,
    title: "a file differs from its package's RECORD",
    meaning: "A Python package's RECORD holds the digest of each of its files; this file has another one. Data of \
              more than 16 KiB that runs nothing is compared by its size alone. Other line ends, \
              launchers with another first line, and what installers write about themselves do not count; a library that \
              looks stripped is a note.",
    severity: "high for code, medium for metadata, low for data and for scripts off the import path",
    remediation: "install the package again from a source that you trust and compare; if the change is yours, carry it as \
                  a fork with a version of its own",
};

pub(super) const FILE_PLANTED: Check = Check {
    id: "file-planted",
    kind: FindingKind::Integrity,
    title: "code in a package's folder that no RECORD names",
    meaning: "A module or a library lies in the folder of an installed Python package, and no package in the archive lists \
              it. Bytecode of a listed source and packages without an __init__.py of their own do not count.",
    severity: "high for what can be imported, low for bytecode that has no source and cannot be",
    remediation: "find out who put it there; code of your own belongs into a folder of your own",
};

pub(super) const STARTUP_FILE: Check = Check {
    id: "startup-file",
    kind: FindingKind::Integrity,
    title: "a file that Python runs at its start and no RECORD names",
    meaning: "Python executes the import lines of every .pth file in a site directory, and imports sitecustomize and \
              usercustomize, before the handler is loaded. Packages that need such a file list it.",
    severity: "high where it runs code, low for a .pth file that only adds folders to the search path",
    remediation: "remove it, or find out who put it there and what it loads",
};

pub(super) const INSTALL_SCRIPT: Check = Check {
    id: "install-script",
    kind: FindingKind::Integrity,
    title: "a suspicious script that npm runs at installation",
    meaning: "preinstall, install and postinstall of this package ran where the function was built, not in the function. \
              This one pipes a download into an interpreter, or runs a text that is encoded.",
    severity: "high",
    remediation: "treat the machine that built the function as compromised until you know what the script did; build with \
                  npm's --ignore-scripts",
};

pub(super) const STRAY_BINARY: Check = Check {
    id: "stray-binary",
    kind: FindingKind::Integrity,
    title: "a Linux program or library in an npm package that announces none",
    meaning: "Packages with native parts name a platform, a build tool or a script of installation in their package.json. \
              This one does not. npm records no digests of a package's files, so that nothing surer can be said.",
    severity: "medium, with low confidence",
    remediation: "compare it with the package as the registry has it",
};

pub(super) const STARTUP_VARIABLE: Check = Check {
    id: "startup-variable",
    kind: FindingKind::Posture,
    title: "a variable makes the runtime load code from an unexpected place",
    meaning: "AWS_LAMBDA_EXEC_WRAPPER, NODE_OPTIONS, LD_PRELOAD, JAVA_TOOL_OPTIONS and the like name code that runs before \
              the handler. It is expected in the function's code, in one of its layers, or in the runtime's own folders.",
    severity: "high for code in the variable itself or in /tmp, medium where no artifact holds it, low for folders outside",
    remediation: "remove the variable, or hand over the layer that holds the file (--layer)",
};

pub(super) const STRAY_BOOTSTRAP: Check = Check {
    id: "stray-bootstrap",
    kind: FindingKind::Posture,
    title: "a bootstrap beside a managed runtime",
    meaning: "A file named bootstrap is the program of functions on the runtimes provided*. Managed runtimes have their own \
              and never start it, unless AWS_LAMBDA_EXEC_WRAPPER names it: it is a left-over, or waits for a change of the \
              runtime.",
    severity: "low",
    remediation: "remove it from the package",
};

/// Every check.
pub const CHECKS: [&Check; 7] =
    [&FILE_CHANGED, &FILE_PLANTED, &STARTUP_FILE, &INSTALL_SCRIPT, &STRAY_BINARY, &STARTUP_VARIABLE, &STRAY_BOOTSTRAP];
