//! No core dumps: one would hold the bytes of the artifact that was being read, and its secrets among them.
//!
//! This keeps the kernel from writing one. It cannot keep out who may attach to the process and read its memory.

/// Forbids core dumps of this process. Where that fails, there is nothing better to do than to go on.
#[cfg(unix)]
pub(super) fn forbid() {
    use rustix::process::{Resource, Rlimit, setrlimit};

    // One byte instead of none: to a program that collects dumps (`core_pattern` with a pipe) Linux hands them whatever
    // the limit is, unless it is one (`coredump_pipe` in https://github.com/torvalds/linux/blob/master/fs/coredump.c).
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(1), maximum: Some(1) });
}

/// Other systems write none unless a debugger or the administrator asks for them.
#[cfg(not(unix))]
pub(super) fn forbid() {}
