"""The tools: how each is run, and how its report is read as (file, first line, last line, what it says)."""

import json
from urllib.parse import unquote


def tidewaiter(report, _):
    for target in json.loads(report)["targets"]:
        for finding in target["findings"]:
            if finding["kind"] == "secret":
                for place in finding["locations"]:
                    line = place.get("line")
                    yield unquote("/".join(place["path"])), line, line, f"{finding['rule']} ({finding['confidence']})"


def gitleaks(report, tree):
    for finding in json.loads(report or "[]") or []:
        # Lines count from 1; a key of several lines ends where EndLine says.
        yield relative(finding["File"], tree), finding["StartLine"], finding["EndLine"], finding["RuleID"]


def betterleaks(report, tree):
    for finding in json.loads(report)["findings"] or []:
        place = finding["location"]
        yield relative(place["path"], tree), place["start_line"], place["end_line"], finding["rule_id"]


def kingfisher(report, tree):
    # The report is an object, or one on each line.
    try:
        found = json.loads(report)
        found = found.get("findings", []) if isinstance(found, dict) else found
    except ValueError:
        found = [json.loads(line) for line in report.splitlines() if line.startswith("{")]
    for finding in found:
        if "finding" in finding:
            where, rule = finding["finding"], finding["rule"]["id"]
            snippet = where.get("snippet") or ""
            yield relative(where["path"], tree), where["line"], where["line"] + snippet.count("\n"), rule


def trivy(report, _):
    for result in json.loads(report).get("Results") or []:
        for secret in result.get("Secrets") or []:
            yield result["Target"], secret["StartLine"], secret["EndLine"], secret["RuleID"]


def detect_secrets(report, tree):
    for path, secrets in json.loads(report)["results"].items():
        for secret in secrets:
            yield relative(path, tree), secret["line_number"], secret["line_number"], secret["type"]


def ripsecrets(report, tree):
    for line in report.splitlines():
        path, number, *rest = line.split(":", 2)
        if number.isdigit() and rest:
            yield relative(path, tree), int(number), int(number), "-"


def relative(path, tree):
    """A path below the tree."""
    path = path.replace("\\", "/")
    for start in (tree + "/", "./"):
        path = path.removeprefix(start)
    return path


# The program and its arguments; `{out}` is where the report goes (else it is standard output), `{tree}` what is read.
TOOLS = {
    "tidewaiter": (tidewaiter, "tidewaiter scan {tree} --format json --allow-seed --fail-on never --require-coverage none -q"),
    "gitleaks": (gitleaks, "gitleaks dir --no-banner -l error -f json -r {out} --exit-code 0 {tree}"),
    "betterleaks": (betterleaks, "betterleaks fs -s --no-banner -l error -o {out} --exit-code 0 {tree}"),
    "kingfisher": (kingfisher, "kingfisher scan --no-validate --no-update-check -f json -o {out} {tree}"),
    "trivy": (trivy, "trivy rootfs --scanners secret --offline-scan --skip-db-update --skip-java-db-update -q -f json -o {out} {tree}"),
    "detect-secrets": (detect_secrets, "detect-secrets scan --all-files -n ."),
    "ripsecrets": (ripsecrets, "ripsecrets {tree}"),
}
