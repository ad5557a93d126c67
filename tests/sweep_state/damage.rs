//! A state that is not as it was written: told with what to do, never a panic, a hang, or a history without sweeps.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::copy;
use crate::support::{Cli, store, write};
use crate::sweep::Fleet;

/// When all sweeps here are made, in seconds since 1970.
const NOW: &str = "1800000000";

/// A state that two sweeps made, and what a third one says.
struct Sound {
    fleet: Fleet,
    cache: PathBuf,
    told: String,
}

/// What became of a sweep.
struct Ended {
    code: i32,
    told: String,
    said: String,
}

impl Sound {
    fn new(functions: usize) -> Sound {
        let mut fleet = Fleet::new(functions);
        let cache = fleet.advisories(&["common"]);
        let mut sound = Sound { fleet, cache, told: String::new() };
        let codes = [1, 0].map(|_| sound.sweep(&sound.fleet.path("state")).code);
        assert_eq!(codes, [1, 0]);
        let copied = sound.copied();
        sound.told = sound.sweep(&copied).told;
        sound
    }

    /// A copy of the state, always in the same place.
    fn copied(&self) -> PathBuf {
        let state = self.fleet.path("hurt");
        // What is not there need not be removed.
        let _ = fs::remove_dir_all(&state);
        copy(&self.fleet.path("state"), &state);
        state
    }

    fn command(&self, state: &Path) -> Command {
        let mut command = Command::new("timeout");
        Cli::scrub(&mut command).env("SOURCE_DATE_EPOCH", NOW).args(["60", Cli::program()]);
        let mut arguments = self.fleet.arguments(&self.cache, &[]);
        let at = arguments.iter().position(|one| one == "--state").unwrap() + 1;
        arguments[at] = state.to_str().unwrap().to_owned();
        command.args(arguments);
        command
    }

    fn sweep(&self, state: &Path) -> Ended {
        ended(&mut self.command(state))
    }
}

/// Runs to the end. Whatever the state is like, no part of the program fails on it.
fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (code, told, said) = (output.status.code(), text(output.stdout), text(output.stderr));
    let code = code.unwrap_or_else(|| panic!("{}: {said}", output.status));
    assert_ne!(code, 124, "it hangs");
    assert!(!said.contains("internal error") && !said.contains("panicked"), "{said}");
    Ended { code, told, said }
}

/// Puts a folder where a file was.
fn folder(path: &Path) {
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
}

#[test]
fn what_is_gone_or_something_else_is_named() {
    const ANEW: &str = "restore it from a backup, or begin a new one in another folder";
    let sound = Sound::new(3);
    type Damage = (&'static [&'static str], fn(&Path));
    let damages: [Damage; 15] = [
        (&["key: the file is gone", ANEW], |state| fs::remove_file(state.join("key")).unwrap()),
        (&["it is not the one that the state was made with", ANEW], |state| drop(write(state, "key", &[7; 32]))),
        (&["it has 5 bytes instead of 32", ANEW], |state| drop(write(state, "key", b"short"))),
        (&["key: it is no file", ANEW], |state| folder(&state.join("key"))),
        (&["/lock: "], |state| folder(&state.join("lock"))),
        (&["last: not the number of a sweep", ANEW], |state| drop(write(state, "last", b"\xFF"))),
        (&["/last: "], |state| folder(&state.join("last"))),
        (&["store: the folder is gone", ANEW], |state| fs::remove_dir_all(state.join("store")).unwrap()),
        (&["store: it lacks the last sweep", ANEW], |state| {
            fs::remove_dir_all(state.join("store")).unwrap();
            fs::create_dir(state.join("store")).unwrap();
        }),
        (&["the state's store: not a directory"], |state| {
            fs::remove_dir_all(state.join("store")).unwrap();
            write(state, "store", b"a file");
        }),
        (&["its store cannot be read", ANEW], |state| fs::remove_file(state.join("store/db")).unwrap()),
        (&["its store cannot be read", ANEW], |state| drop(write(state, "store/db", b""))),
        (&["the state's store: is a directory"], |state| folder(&state.join("store/db"))),
        (&["its store cannot be read", ANEW], |state| {
            let mut conf = fs::read(state.join("store/conf")).unwrap();
            conf[16] ^= 1;
            write(state, "store/conf", &conf);
        }),
        (&["the state has format 7, this program reads format 1; begin a new one in another folder"], |state| {
            store::set_schema(state, 7);
        }),
    ];
    for (number, (wanted, damage)) in damages.into_iter().enumerate() {
        let state = sound.copied();
        damage(&state);
        let Ended { code, told, said } = sound.sweep(&state);
        assert!(code == 2 && told.is_empty(), "{number} {wanted:?}: exit {code} {told}");
        let begin = format!("error: cannot use the state in {}: ", state.display());
        assert!(said.starts_with(&begin) && said.lines().count() == 1, "{number}: {said}");
        assert!(wanted.iter().all(|words| said.contains(words)), "{number} {wanted:?}: {said}");
        assert!(sound.sweep(&state).code == 2, "{number}: it does not heal by being asked again");
    }
    let state = sound.copied();
    assert_eq!(sound.sweep(&state).told, sound.told, "the sound one is as it was");
}

#[test]
fn flipped_and_missing_bytes_are_told_or_change_nothing() {
    let sound = Sound::new(8);
    let mut refused = 0;
    // Steps through every file by a golden section, which leaves no part of it out.
    for round in 0..30 {
        let state = sound.copied();
        let mut files: Vec<PathBuf> =
            fs::read_dir(state.join("store")).unwrap().map(|one| one.unwrap().path()).collect();
        files.retain(|file| file.is_file());
        files.sort();
        let file = &files[round % files.len()];
        let mut bytes = fs::read(file).unwrap();
        let filled: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        let at = filled[(round as f64 * 0.618_033_988_75).fract().mul_add(filled.len() as f64, 0.0) as usize];
        match round % 4 {
            0 | 1 => bytes[at] ^= 1 << (round % 8),
            2 => bytes[at..].iter_mut().take(512).for_each(|byte| *byte = 0),
            _ => bytes.truncate(at),
        }
        fs::write(file, bytes).unwrap();
        let Ended { code, told, said } = sound.sweep(&state);
        let about = format!("round {round}, byte {at} of {}: exit {code} {said}", file.display());
        if code == 2 {
            refused += 1;
            assert!(told.is_empty() && said.starts_with("error: ") && said.contains("the state"), "{about}");
        } else {
            assert!(told == sound.told && said.is_empty(), "{about}");
        }
    }
    assert!(refused > 10, "{refused} were refused");
}

#[test]
fn a_disk_without_room_ends_the_sweep_and_loses_nothing() {
    let sound = Sound::new(3);
    let state = sound.fleet.path("new");
    let mut refused = 0;
    // In blocks of 512 bytes, as POSIX has it. Who ignores the signal gets an error for each write beyond.
    for blocks in [0, 1, 8, 64] {
        let mut command = Command::new("sh");
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let inner = sound.command(&state);
        Cli::scrub(&mut command).env("SOURCE_DATE_EPOCH", NOW).args(["-c", &limited, "sh"]);
        command.arg(inner.get_program()).args(inner.get_args());
        let Ended { code, said, .. } = ended(&mut command);
        if code == 2 {
            refused += 1;
            assert!(said.starts_with("error: ") && said.to_lowercase().contains("file too large"), "{said}");
        }
    }
    assert!(refused > 1, "{refused} had no room");
    let Ended { code, said, .. } = sound.sweep(&state);
    assert!([0, 1].contains(&code), "with room it goes on: {said}");
}

#[test]
fn a_folder_that_is_not_ours_to_write_is_named() {
    let sound = Sound::new(1);
    let open = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    // Nobody: nothing is forbidden to root.
    let nobody = |command: &mut Command| {
        if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            command.uid(65534).gid(65534);
        }
    };
    open(sound.fleet.folder.path(), 0o755);
    let mut probe = Command::new(Cli::program());
    nobody(Cli::scrub(&mut probe).arg("--version"));
    if !probe.output().is_ok_and(|output| output.status.success()) {
        return crate::support::tool::skip("who may not write here may not read the program either");
    }
    for (path, mode) in [("lock", 0o444), ("", 0o555)] {
        let state = sound.copied();
        open(&state.join(path), mode);
        let mut command = sound.command(&state);
        nobody(&mut command);
        let Ended { code, told, said } = ended(&mut command);
        open(&state.join(path), 0o755);
        assert!(code == 2 && told.is_empty() && said.contains("Permission denied"), "{path}: exit {code} {said}");
        assert!(said.starts_with(&format!("error: cannot use the state in {}", state.display())), "{said}");
    }
}
