#!/usr/bin/env python3
"""Scores a tool on the corpus: `score.py FOLDER --tool NAME [--missed] [-- PROGRAM...]`.

FOLDER is what generate.py wrote. The rule, the same for every tool: a planted secret is found if any finding, of whatever
name and confidence, lies on one of its lines (in a compiled file, that has no lines: anywhere in it). A finding on no
planted secret's line is a false positive, several on one line are one. Nothing is planted twice on a line.

What follows `--` stands for the program's name: another path, or one with more arguments.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from readers import TOOLS

VENDOR = ("prefix", "vendor by name", "JWT", "private key")
GENERIC = ("generic high", "weak password", "connection URL", "encoded", "special")


class Score:
    """What a tool found of a corpus."""

    def __init__(self, truth, findings):
        self.found, self.missed, self.hits = [], [], []
        findings = set(findings)
        explained = set()
        for secret in truth["secrets"]:
            mine = {finding for finding in findings if lies_on(finding, secret)}
            explained |= mine
            (self.found if mine else self.missed).append(secret)
        spots = {}
        for path, first, last, rule in sorted(findings - explained, key=str):
            spots.setdefault((path, first), []).append(rule)
        self.false = spots
        for negative in truth["negatives"]:
            rules = [rule for path, first, last, rule in findings - explained if lies_on((path, first, last, rule), negative)]
            if rules:
                self.hits.append((negative, rules))

    def recall(self, groups):
        """Found and planted of these groups."""
        count = lambda secrets: sum(secret["group"] in groups for secret in secrets)  # noqa: E731
        return count(self.found), count(self.found) + count(self.missed)

    def precision(self):
        """Secrets found, of these and the spots where none is."""
        return ratio(len(self.found), len(self.found) + len(self.false))

    def summary(self):
        """The figures, by name."""
        recall = ratio(len(self.found), len(self.found) + len(self.missed))
        precision = self.precision()
        return {
            "recall_vendor": round(ratio(*self.recall(VENDOR)), 4),
            "recall_generic": round(ratio(*self.recall(GENERIC)), 4),
            "recall": round(recall, 4),
            "false_spots": len(self.false),
            "negatives_hit": len(self.hits),
            "precision": round(precision, 4),
            "f1": round(ratio(2 * precision * recall, precision + recall), 4),
            "groups": {group: list(self.recall((group,))) for group in VENDOR + GENERIC},
        }


def lies_on(finding, spot):
    """Whether a finding is on a spot's lines."""
    path, first, last, _ = finding
    if path != spot["file"]:
        return False
    return spot["line"] is None or first is not None and first <= spot["last_line"] and (last or first) >= spot["line"]


def ratio(part, whole):
    """A share, or 0 of nothing."""
    return part / whole if whole else 0.0


def run(tool, program, tree):
    """Runs a tool and reads its report."""
    reader, line = TOOLS[tool]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        words = [word.format(out=out, tree=tree) for word in line.split()]
        done = subprocess.run((program or words[:1]) + words[1:], capture_output=True, text=True, cwd=tree, check=False)
        report = out.read_text(encoding="utf-8") if out.exists() else done.stdout
    try:
        return list(reader(report, str(tree)))
    except (ValueError, KeyError) as error:
        sys.exit(f"{tool} gave no report that can be read ({error!r}), exit {done.returncode}: {done.stderr[-2000:]}")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tool", required=True, choices=TOOLS)
    parser.add_argument("--missed", action="store_true", help="list what was missed, and every false positive")
    parser.add_argument("--json", action="store_true")
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options, program = parser.parse_args(sys.argv[1:split]), sys.argv[split + 1 :]
    truth = json.loads((options.folder / "truth.json").read_text(encoding="utf-8"))
    score = Score(truth, run(options.tool, program, (options.folder / "tree").resolve()))
    summary = score.summary()
    if options.json:
        print(json.dumps(summary, indent=1))
        return
    for group, (found, planted) in summary.pop("groups").items():
        print(f"{group:16} {found:4} of {planted}")
    for name, figure in summary.items():
        print(f"{name:16} {figure:.1%}" if isinstance(figure, float) else f"{name:16} {figure}")
    if options.missed:
        for secret in score.missed:
            print(f"MISSED {secret['group']}: {secret['type']} at {secret['file']}:{secret['line']}")
        kinds = {(spot["file"], spot["line"]): spot["type"] for spot, _ in score.hits}
        for place, rules in score.false.items():
            print(f"FALSE {kinds.get(place, 'no negative')}: {', '.join(rules)} at {place[0]}:{place[1]}")


if __name__ == "__main__":
    main()
