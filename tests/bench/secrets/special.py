"""Secrets that are not written as they are (encoded, split, compiled, compressed) and files made for credentials.

Each function returns (path, parts, encoding): parts are text, or (item, text as written).
"""

import base64
import gzip
import json
import marshal
import urllib.parse
from importlib.util import MAGIC_NUMBER

from keys import KEYS
from tokens import fill


def b64(text):
    """Standard base64."""
    return base64.b64encode(text.encode()).decode()


def encoded(make, dice):
    """The encoded and split ones. `make(group, type, value)` is an item; GitHub's format stands for all."""

    def token():
        return fill("ghp_<a30><crc62>", dice)

    def item(kind, value):
        return make("encoded", kind, value)

    password = fill("<a20>", dice)
    yield "k8s/secret.yaml", [
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ntype: Opaque\ndata:\n  username: YXBw\n  password: ",
        (item("kubernetes-secret", password), b64(password)), "\n",
    ], "utf-8"
    value = token()
    packed = gzip.compress(json.dumps({"chart": "orders", "config": {"githubToken": value}}).encode(), 9, mtime=0)
    yield "k8s/release.yaml", [
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: sh.helm.release.v1.orders.v1\ndata:\n  release: ",
        (item("gzip-in-base64", value), base64.b64encode(packed).decode()), "\ntype: helm.sh/release.v1\n",
    ], "utf-8"
    value = token()
    yield "config/encoded.env", ["STAGE=prod\nGITHUB_TOKEN_B64=", (item("base64", value), b64(value)), "\n"], "utf-8"
    value = fill("xoxb-<d12>-<d13>-<a24>", dice)
    yield "lib/blob.js", [
        "const blob = Buffer.from('", (item("hex", value), value.encode().hex()), "', 'hex');\nmodule.exports = blob;\n",
    ], "utf-8"
    value = fill("https://hooks.slack.com/services/T<u10>/B<u10>/<a24>", dice)
    yield "lib/redirect.py", [
        'NEXT = "https://app.internal/go?to=', (item("percent", value), urllib.parse.quote(value, safe="")), '"\n',
    ], "utf-8"
    value = fill("npm_<a30><crc62>", dice)
    yield "lib/escapes.js", [
        "exports.auth = '", (item("unicode-escapes", value), "".join(f"\\u{ord(c):04x}" for c in value)), "';\n",
    ], "utf-8"
    value = token()
    split = "' +\n  '".join((value[:4], value[4:22], value[22:]))
    yield "lib/split.js", ["const token = '", (item("concatenation", value), split), "';\nmodule.exports = token;\n"], "utf-8"
    value = fill("sk_live_51<a97>", dice)
    split = '"\n    "'.join((value[:40], value[40:80], value[80:]))
    yield "lib/split.py", ['STRIPE = (\n    "', (item("adjacent-literals", value), split), '"\n)\n'], "utf-8"
    value = token()
    yield "config/export.reg", [
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Acme]\r\n\"Token\"=\"",
        (item("utf-16", value), value), "\"\r\n",
    ], "utf-16-le"
    value = KEYS["key-rsa-pkcs8"](dice)
    yield "config/service-account.json", [
        '{\n  "type": "service_account",\n  "project_id": "acme-prod",\n  "private_key_id": "', fill("<h40>", dice),
        '",\n  "private_key": "', (item("pem-in-json", value), (value + "\n").replace("\n", "\\n")),
        '",\n  "client_email": "job@acme-prod.iam.gserviceaccount.com"\n}\n',
    ], "utf-8"
    value = "svc:" + fill("<a18>", dice)
    yield "lib/basic.go", [
        "package lib\n\nconst auth = \"Basic ", (item("basic-header", value), b64(value)), "\"\n",
    ], "utf-8"
    value = token()
    code = compile(f"TOKEN = '{value}'\n", "settings.py", "exec")
    # Of this Python's own version, so that the bytes (not the value) differ between two of them.
    yield "lib/__pycache__/settings.pyc", [(item("pyc", value), MAGIC_NUMBER + bytes(12) + marshal.dumps(code))], None


def special(make, dice):
    """Files that exist to hold credentials."""

    def item(kind, template):
        return make("special", kind, fill(template, dice))

    def plain(kind, template):
        made = item(kind, template)
        return made, made.value

    yield ".netrc", ["machine artifacts.acme.io\n  login build\n  password ", plain("netrc", "<a16>"), "\n"], "utf-8"
    yield ".pypirc", [
        "[distutils]\nindex-servers = internal\n\n[internal]\nrepository = https://pypi.acme.io/\nusername = build\npassword = ",
        plain("pypirc", "<a14>"), "\n",
    ], "utf-8"
    yield ".npmrc", ["registry=https://npm.acme.io/\n//npm.acme.io/:_authToken=", plain("npmrc", "<uuid>"), "\n"], "utf-8"
    made = item("docker-auth", "build:<a20>")
    yield ".docker/config.json", [
        '{\n  "auths": {\n    "registry.acme.io": {\n      "auth": "', (made, b64(made.value)), '"\n    }\n  }\n}\n',
    ], "utf-8"
    yield ".git-credentials", ["https://build:", plain("git-credentials", "<a22>"), "@git.acme.io\n"], "utf-8"
    yield ".pgpass", ["db.acme.io:5432:orders:app:", plain("pgpass", "<a13>"), "\n"], "utf-8"
    yield ".kube/config", [
        "apiVersion: v1\nkind: Config\nusers:\n- name: ci\n  user:\n    token: ", plain("kubeconfig", "<a48>"), "\n",
    ], "utf-8"
    yield ".my.cnf", ["[client]\nuser=app\npassword=", plain("my-cnf", "<a15>"), "\n"], "utf-8"
    yield ".m2/settings.xml", [
        "<settings>\n  <servers>\n    <server>\n      <id>internal</id>\n      <username>build</username>\n      <password>",
        plain("maven-settings", "<a17>"), "</password>\n    </server>\n  </servers>\n</settings>\n",
    ], "utf-8"


def bundles(items):
    """Minified bundles: one long line, one secret in each, so that a line says which one a tool found."""
    for number, (made, text) in enumerate(items):
        before = ";".join(f'function f{i}(e,t){{return e[t]||(e[t]={{n:{i},k:"m{i}"}})}}' for i in range(400))
        after = ";".join(f"var v{i}=f{i}({{}},{i})" for i in range(400))
        yield f"dist/chunk-{number}.min.js", ["!function(){" + before + ';var c=new Client("', (made, text), '");' + after + "}();"], "utf-8"
