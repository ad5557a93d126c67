#!/usr/bin/env python3
"""Writes the corpus: `generate.py FOLDER [--seed N]` makes FOLDER/tree and FOLDER/truth.json.

A project of functions with planted secrets and with things that only look like secrets. Every value is made up from its
format and the seed and opens nothing. truth.json names each by file, lines, offset and SHA-256, never by its value.
"""

import argparse
import hashlib
import json
from pathlib import Path

import special
from contexts import KINDS, forms
from keys import KEYS
from tokens import ALPHABETS, Dice, fill

HERE = Path(__file__).parent
TIMES_EACH_NEGATIVE = 4
FILES = """
src/handlers/orders.js src/handlers/payments.js src/handlers/users.js src/handlers/webhooks.js src/lib/mailer.js src/lib/cache.js
src/lib/search.js src/jobs/export.js src/jobs/cleanup.js src/api.js src/auth.ts src/billing.ts src/notify.ts src/queue.ts
src/storage.ts src/legacy/soap.ts functions/report/app.py functions/report/settings.py functions/import/handler.py
functions/import/db.py functions/ml/predict.py functions/ml/client.py functions/sync/main.py functions/sync/config.py
functions/alerts/lambda_function.py functions/alerts/pager.py functions/shared/secrets.py functions/shared/http.py
java/src/OrderHandler.java java/src/PaymentClient.java java/src/AppConfig.java java/src/MailService.java java/src/Storage.java
go/main.go go/store.go go/client.go go/config.go go/notify.go ruby/app.rb ruby/config.rb ruby/worker.rb dotnet/Function.cs
dotnet/Settings.cs dotnet/Client.cs php/index.php php/config.php php/mail.php scripts/deploy.sh scripts/rotate.sh
scripts/seed.sh db/seed.sql db/settings.sql infra/main.tf infra/lambda.tf infra/variables.tf serverless.yml template.yaml
docker-compose.yml Dockerfile .env .env.production config/lambda.env config/default.json config/production.json
config/partners.json config/staging.json config/app.yml config/services.yml config/prod.yml config/features.yml k8s/deployment.yaml
k8s/worker.yaml config/service.toml config/worker.toml config/app.ini config/legacy.ini java/src/application.properties
java/src/mail.properties config/web.xml dotnet/App.config dotnet/appsettings.json dotnet/appsettings.Production.json README.md
docs/runbook.md notebooks/explore.ipynb notebooks/train.ipynb tests/orders.test.js tests/fixtures/events.json tests/test_report.py
""".split()
BY_NAME = {
    "serverless.yml": "serverless", "template.yaml": "template", "docker-compose.yml": "compose", "Dockerfile": "docker",
    ".env": "env", ".env.production": "env", "k8s/deployment.yaml": "k8s", "k8s/worker.yaml": "k8s", "dotnet/App.config": "xml",
}  # fmt: skip


class Item:
    """One planted secret (with a group) or negative (without one)."""

    def __init__(self, group, kind, value, name="", bare=False):
        self.group, self.kind, self.value, self.name, self.bare = group, kind, value, name, bare


class File:
    """A file that is being written, and where in it the items stand."""

    def __init__(self, path, encoding="utf-8"):
        self.path, self.encoding, self.body, self.spots = path, encoding, b"\xff\xfe" if encoding == "utf-16-le" else b"", []

    def text(self, text):
        """Text, or bytes as they are."""
        self.body += text if isinstance(text, bytes) else text.encode(self.encoding)

    def item(self, item, written):
        """An item in the way it is written here."""
        start = len(self.body)
        self.text(written)
        self.spots.append((item, start, len(self.body)))

    def line(self, at):
        """The number of the line at an offset; of a binary file there are none."""
        newline = "\n".encode(self.encoding) if self.encoding else None
        return self.body.count(newline, 0, at) + 1 if newline else None

    def truth(self):
        """What is where."""
        for item, start, end in self.spots:
            yield {
                "file": self.path, "line": self.line(start), "last_line": self.line(end - 1), "offset": start,
                "length": end - start, "group": item.group, "type": item.kind,
                "sha256": hashlib.sha256(item.value.encode()).hexdigest(),
            }  # fmt: skip


def table(name):
    """The lines of a table."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line.split(" | ") for line in lines if line and not line.startswith("#")]


def tables(seed):
    """Every item that stands as it is in an ordinary file."""
    items = []
    for group, name in (("prefix", "formats.txt"), ("vendor by name", "vendors.txt")):
        for kind, beside, form, *named in table(name):
            items.append(Item(group, kind, fill(form, Dice(seed, kind)), beside, group == "prefix" and not named))
    groups = {"high": "generic high", "weak": "weak password", "url": "connection URL"}
    for count, (group, kind, beside, form) in enumerate(table("generic.txt")):
        items.append(Item(groups[group], kind, fill(form, Dice(seed, kind, count)), beside))
    dice = Dice(seed, "jwt")
    for algorithm, audience in (("HS256", "orders"), ("RS256", "partner"), ("ES256", "billing"), ("HS512", "admin")):
        head = special.b64(json.dumps({"alg": algorithm, "typ": "JWT"}))
        body = special.b64(fill('{"iss":"https://id.acme.io","sub":"<uuid>","aud":"%s","exp":2051222400}' % audience, dice))
        size = {"RS256": 342, "HS256": 43}.get(algorithm, 86)
        parts = [part.rstrip("=").replace("+", "-").replace("/", "_") for part in (head, body)]
        items.append(Item("JWT", "jwt-" + algorithm.lower(), ".".join([*parts, dice.text(ALPHABETS["w"], size)]), "SERVICE_JWT", True))
    return items


def negatives(seed):
    """Each line of the table several times, with other digits where it has any."""
    for kind, beside, form in table("negatives.txt"):
        for count in range(TIMES_EACH_NEGATIVE):
            yield Item(None, kind, fill(form, Dice(seed, "negative", kind, beside, form, count)), beside)


def write(path, items, dice):
    """One ordinary file: a head, then statements with and without items."""
    kind = KINDS[BY_NAME.get(path) or {"yaml": "yml"}.get(path.rsplit(".")[-1], path.rsplit(".")[-1])]
    file = File(path)
    file.text(kind.head.replace("@Name@", Path(path).stem))
    for item in items:
        if dice.below(3) == 0:
            file.text(dice.choice(kind.filler) + "\n")
        places = kind.named + (kind.bare if item.bare else [])
        place = dice.choice(places)
        for form, name in forms(item.name).items():
            place = place.replace(form, name)
        before, after = place.split("{v}")
        file.text(before)
        file.item(item, kind.escape(item.value))
        file.text(after + "\n")
    file.text(kind.tail)
    return file


def project(seed):
    """All files of the corpus."""
    dice = Dice(seed, "project")
    items = tables(seed)
    in_bundles = [item for item in items if item.bare][:: len(table("formats.txt")) // 4][:4]
    spread = dice.shuffled([item for item in items if item not in in_bundles] + list(negatives(seed)))
    for number, path in enumerate(FILES):
        yield write(path, spread[number :: len(FILES)], Dice(seed, path))
    made = [*special.encoded(Item, Dice(seed, "encoded")), *special.special(Item, Dice(seed, "special"))]
    made += special.bundles([(item, item.value) for item in in_bundles])
    for kind, key in KEYS.items():
        item = Item("private key", kind, key(Dice(seed, kind)))
        made.append((f"keys/{kind[4:]}.pem", [(item, item.value), "\n"], "utf-8"))
    for path, parts, encoding in made:
        file = File(path, encoding)
        for part in parts:
            file.item(*part) if isinstance(part, tuple) else file.text(part)
        yield file


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--values", type=Path, help="also write the planted values, for a test that looks for them")
    options = parser.parse_args()
    files = list(project(options.seed))
    spots = [spot for file in files for spot in file.truth()]
    for file in files:
        path = options.folder / "tree" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.body)
    secrets = [spot for spot in spots if spot["group"]]
    rest = [{**spot, "group": "negative"} for spot in spots if not spot["group"]]
    truth = {"seed": options.seed, "files": len(files), "secrets": secrets, "negatives": rest}
    (options.folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    if options.values:
        values = [item.value for file in files for item, _, _ in file.spots if item.group]
        options.values.write_text(json.dumps(values), encoding="utf-8")
    types = len({spot["type"] for spot in secrets})
    print(f"{len(files)} files, {len(secrets)} secrets of {types} types, {len(rest)} negatives")


if __name__ == "__main__":
    main()
