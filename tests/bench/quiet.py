#!/usr/bin/env python3
"""Counts what a scan finds in published packages, where hardly anything is a real secret.

    quiet.py node_modules site-packages jars --program target/release/tidewaiter

Installs nothing: fill the folders with the commands of docs/benchmarks.md. Nothing is skipped by path; every finding
counts, whatever its confidence. With --list, each finding in a line. Python 3.8 or later, its standard library only.
"""

import argparse
import json
import os
import subprocess
import sys


def unpacked_bytes(folder):
    """Bytes of the regular files below a folder, links not followed."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if not os.path.islink(path):
                total += os.path.getsize(path)
    return total


def findings(program, folder):
    command = [program, "scan", folder, "--format", "json", "--allow-seed", "--offline"]
    command += ["--fail-on", "never", "--require-coverage", "none"]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if run.returncode != 0:
        sys.exit(f"{program} ended with {run.returncode} on {folder}")
    targets = json.loads(run.stdout)["targets"]
    return [found for target in targets for found in target["findings"] if found["kind"] == "secret"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--list", action="store_true", help="print every finding")
    parser.add_argument("--program", default="tidewaiter")
    options = parser.parse_args()
    for folder in options.folders:
        megabytes = unpacked_bytes(folder) / 1e6
        found = findings(options.program, folder)
        print(f"{folder}: {len(found)} findings in {megabytes:.0f} MB, {100 * len(found) / megabytes:.2f} per 100 MB")
        for one in found if options.list else []:
            place = one["locations"][0]["display"]
            print(f"  {one['confidence']:6} {one['id']} in {one['purl'] or 'no package'}: {one['title']}, first in {place}")


if __name__ == "__main__":
    main()
