#!/usr/bin/env python3
"""What scanners cost on an archive, beside `unzip -tqq` of the same archive: `ratios.py [-n PAIRS] ARCHIVE...`.

A tool and unzip run in turn, so that a busy machine hits both, and what counts is the quotient of each pair: its median,
least and most, then the peak memory of the tool. A tool that is not on the PATH is left out; one run of more than 20
seconds has to do, and one of more than --limit seconds is ended.

Most tools skip what is deployed in folders with well-known names. So each archive is measured a second time with those
folders renamed ("all read"), where every tool has to read what the first time some have not.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

# Name, what it does, whether it is given the archive or the unpacked folder, and how. Validation and reports are off.
TOOLS = [
    ("Tidewaiter", "all of it", "zip", "tidewaiter scan --format json --quiet {zip}"),
    ("Tidewaiter", "all of it", "folder", "tidewaiter scan --format json --quiet {folder}"),
    ("Betterleaks", "secrets", "zip", "betterleaks fs -s --no-banner -l error --exit-code 0 {zip}"),
    ("Betterleaks", "secrets", "folder", "betterleaks fs -s --no-banner -l error --exit-code 0 {folder}"),
    ("Gitleaks", "secrets", "zip", "gitleaks dir --no-banner -l error --exit-code 0 --max-archive-depth 4 {zip}"),
    ("Gitleaks", "secrets", "folder", "gitleaks dir --no-banner -l error --exit-code 0 {folder}"),
    ("Kingfisher", "secrets", "zip", "kingfisher scan --no-validate --no-update-check -f json -o /dev/null {zip}"),
    ("Kingfisher", "secrets", "folder", "kingfisher scan --no-validate --no-update-check -f json -o /dev/null {folder}"),
    ("Trivy", "secrets", "folder", "trivy rootfs --scanners secret --secret-config {trivy} {offline} -f json {folder}"),
    ("Trivy", "packages", "folder", "trivy rootfs --format cyclonedx {offline} {folder}"),
    ("ripsecrets", "secrets", "folder", "ripsecrets {folder}"),
    ("detect-secrets", "secrets", "folder", "detect-secrets scan --all-files -n {folder}"),
]
OFFLINE = "--offline-scan --skip-db-update --skip-java-db-update -q -o /dev/null"

# Parts of paths that one of the tools skips by default.
SKIPPED = re.compile(r"(?i)(node_modules|bower_components|site-packages|dist-info|egg-info|venv|vendor|jquery|python(?=\d|/)|(?<![a-z])tests?(?![a-z])|(?<![a-z])examples?(?![a-z]))")
# Exit codes of a run that read everything; Kingfisher's for findings is 200.
FOUND = (0, 1, 3, 200)
# A run of so many seconds is not repeated.
LONG = 20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=5, metavar="PAIRS", help="pairs of runs (default 5)")
    parser.add_argument("--limit", type=float, default=300, metavar="SECONDS", help="of one run (default 300)")
    parser.add_argument("archives", nargs="+", type=Path, metavar="ARCHIVE")
    options = parser.parse_args()
    for archive in options.archives:
        with tempfile.TemporaryDirectory() as scratch:
            compare(archive.resolve(), Path(scratch), options)


def compare(archive, scratch, options):
    """Prints the table of one archive."""
    renamed = scratch / "renamed.zip"
    rename(archive, renamed)
    sides = [prepare(archive, scratch / "as it is"), prepare(renamed, scratch / "renamed")]
    mib = archive.stat().st_size / 2**20
    print(f"\n{archive.name}, {mib:.1f} MiB: wall time / `unzip -tqq`, median (least to most) of up to {options.n} pairs; peak\n")
    print("| tool | does | reads | default | all read |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    for name, does, reads, command in TOOLS:
        if shutil.which(command.split()[0]) is None:
            continue
        cells = [measure(command, side, options) for side in sides]
        print(f"| {name} | {does} | {reads} | {' | '.join(cells)} |", flush=True)


def rename(archive, renamed):
    """A copy of an archive with names that no tool skips. Equal names would overwrite one another when unpacked."""
    seen = set()
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(renamed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            name = SKIPPED.sub(lambda part: "x" + part[0][1:-1] + "x", entry.filename)
            if not entry.is_dir() and name not in seen:
                seen.add(name)
                with old.open(entry) as source, new.open(name, "w") as target:
                    shutil.copyfileobj(source, target)


def prepare(archive, folder):
    """What the words of a command stand for. Unpacking is not counted."""
    folder.mkdir()
    # unzip says 1 for a mere warning.
    done = subprocess.run(["unzip", "-qqo", archive, "-d", folder / "tree"], stderr=subprocess.DEVNULL)
    if done.returncode > 1:
        sys.exit(f"ratios.py: unzip cannot unpack {archive}")
    trivy = folder / "trivy.yaml"
    # Trivy's default skips documentation and tests by name, so that is what the first column shows.
    trivy.write_text("disable-allow-rules: [tests, examples, vendor, usr-dirs, locale-dir, markdown, node.js, golang, python, rubygems, wordpress, anaconda-log]\n" if folder.name == "renamed" else "{}\n")
    return {"{zip}": [archive], "{folder}": [folder / "tree"], "{trivy}": [trivy], "{offline}": OFFLINE.split()}


def measure(command, words, options):
    """A cell of the table."""
    command = [str(each) for word in command.split() for each in words.get(word, [word])]
    unzip = ["unzip", "-tqq", str(words["{zip}"][0])]
    # The first runs fill the page cache, and say whether the others are worth it.
    reference, _, _ = run(unzip, options.limit)
    seconds, peak, status = run(command, options.limit)
    if status is None:
        return f"over {options.limit:.0f} s"
    if status not in FOUND:
        return f"fails ({status})"
    ratios = [seconds / run(unzip, options.limit)[0]] if seconds > LONG else []
    while len(ratios) < (1 if seconds > LONG else options.n):
        once, more, _ = run(command, options.limit)
        reference, _, _ = run(unzip, options.limit)
        ratios.append(once / reference)
        peak = max(peak, more)
    spread = f"({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else "(one run)"
    return f"{statistics.median(ratios):.2f} {spread}; {peak:.0f} MiB"


def run(command, limit):
    """Seconds, peak memory in MiB, and the exit status: None if it was ended."""
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ended = []
    timer = threading.Timer(limit, lambda: (ended.append(True), child.kill()))
    timer.start()
    _, status, usage = os.wait4(child.pid, 0)
    timer.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - begun, usage.ru_maxrss / 1024, None if ended else child.returncode


if __name__ == "__main__":
    main()
