"""How functions write a value: for each kind of file the places that name it and those that do not.

`{v}` is the value, `{U}` its name as DB_PASSWORD, `{s}` db_password, `{c}` dbPassword, `{P}` DbPassword, `{k}` db-password.
"""

from xml.sax.saxutils import escape as xml


def quoted(quote):
    """Escapes for a literal between these quotes."""
    return lambda text: text.replace("\\", "\\\\").replace(quote, "\\" + quote)


class Kind:
    """A kind of file. `bare` places fit only values that speak for themselves."""

    def __init__(self, head, named, bare, filler, tail="", escape=lambda text: text):
        self.head, self.named, self.bare, self.filler, self.tail, self.escape = head, named, bare, filler, tail, escape


JS = Kind(
    "'use strict';\n\nconst axios = require('axios');\nconst { DynamoDB } = require('aws-sdk');\n\n",
    [
        "const {c} = '{v}';",
        "const {U} = process.env.{U} || '{v}';",
        "module.exports.{c} = '{v}';",
        "const settings{P} = { region: 'eu-west-1', {c}: '{v}', retries: 3 };",
        "process.env.{U} = '{v}';",
        "config.set('{k}', '{v}');",
        "  /* {U}='{v}' */",
        "let {s} = \"{v}\";",
    ],
    [
        "const client = createClient({ endpoint: 'https://api.internal', token: '{v}' });",
        "await axios.get(url, { headers: { Authorization: 'Bearer {v}' } });",
        "// worked with {v} yesterday, remove before release",
        "login('{v}').catch(console.error);",
        "const res = await fetch(`https://api.internal/v1/items?access_token={v}&page=2`);",
        "const apiKey = '{v}';",
        "headers['X-Api-Key'] = '{v}';",
    ],
    [
        "async function load(id) {\n  const item = await table.get({ Key: { id } }).promise();\n  return item.Item;\n}",
        "exports.handler = async (event) => {\n  const body = JSON.parse(event.body);\n  return { statusCode: 200, body: "
        "JSON.stringify(body) };\n};",
        "const sum = (items) => items.reduce((all, item) => all + item.price * item.count, 0);",
        "if (!event.headers.authorization) {\n  throw new Error('missing authorization header');\n}",
    ],
    escape=quoted("'"),
)
TS = Kind(
    "import { APIGatewayProxyHandler } from 'aws-lambda';\nimport axios from 'axios';\n\n",
    [
        "export const {c}: string = '{v}';",
        "  private readonly {c} = '{v}';",
        "const {U} = process.env.{U} ?? '{v}';",
        "export const options{P} = { timeout: 3000, {c}: '{v}' };",
        "const cfg{P}: Config = {\n  name: 'orders',\n  {c}: '{v}',\n};",
    ],
    JS.bare,
    ["export const handler: APIGatewayProxyHandler = async (event) => {\n  return { statusCode: 204, body: '' };\n};",
     "interface Order {\n  id: string;\n  total: number;\n}"],
    escape=quoted("'"),
)
PY = Kind(
    "import json\nimport os\n\nimport boto3\nimport requests\n\n",
    [
        "{U} = \"{v}\"",
        "{s} = '{v}'",
        "{U} = os.environ.get(\"{U}\", \"{v}\")",
        "os.environ[\"{U}\"] = \"{v}\"",
        "settings = {\"region\": \"eu-west-1\", \"{s}\": \"{v}\"}",
        "client = connect(host=\"db.internal\", {s}=\"{v}\")",
        "app.config['{U}'] = '{v}'",
    ],
    [
        "session.headers.update({\"Authorization\": \"Bearer {v}\"})",
        "client = Client(\"{v}\")",
        "# fallback while rotating: {v}",
        "resp = requests.get(URL, headers={\"X-Auth-Token\": \"{v}\"}, timeout=5)",
        "token = \"{v}\"",
        "requests.post(\"https://api.internal/hook?key={v}\", json=payload)",
    ],
    ["def handler(event, context):\n    body = json.loads(event[\"body\"])\n    return {\"statusCode\": 200, \"body\": "
     "json.dumps(body)}\n",
     "def total(items):\n    return sum(item[\"price\"] * item[\"count\"] for item in items)\n",
     "table = boto3.resource(\"dynamodb\").Table(os.environ[\"TABLE\"])"],
    escape=quoted('"'),
)
JAVA = Kind(
    "package com.acme.orders;\n\nimport java.util.Map;\n\npublic class @Name@ {\n",
    [
        "    private static final String {U} = \"{v}\";",
        "    private String {c} = \"{v}\";",
        "    @Value(\"${{k}:{v}}\") private String {c};",
        "    void with{P}(Builder builder) {\n        builder.set{P}(\"{v}\");\n    }",
        "    static { System.setProperty(\"{k}\", \"{v}\"); }",
    ],
    [
        "    private final Client client = Client.of(\"{v}\");",
        "    // old one: {v}",
        "    Map<String, String> headers = Map.of(\"Authorization\", \"Bearer {v}\");",
        "    private static final String TOKEN = \"{v}\";",
    ],
    ["    public String handleRequest(Map<String, Object> event) {\n        return \"ok\";\n    }",
     "    int total(int price, int count) {\n        return price * count;\n    }"],
    "}\n",
    quoted('"'),
)
GO = Kind(
    "package main\n\nimport (\n\t\"context\"\n\t\"net/http\"\n)\n\n",
    [
        "const {c} = \"{v}\"",
        "var {P} = \"{v}\"",
        "func init() {\n\tos.Setenv(\"{U}\", \"{v}\")\n}",
        "var cfg{P} = Config{\n\tRegion: \"eu-west-1\",\n\t{P}: \"{v}\",\n}",
        "func open{P}() *Client {\n\t{c} := `{v}`\n\treturn New({c})\n}",
    ],
    [
        "func sign(req *http.Request) { req.Header.Set(\"Authorization\", \"Bearer {v}\") }",
        "// TODO rotate {v}",
        "var client = api.NewClient(\"{v}\")",
        "const token = \"{v}\"",
    ],
    ["func Handler(ctx context.Context, event Event) (string, error) {\n\treturn event.ID, nil\n}",
     "func total(items []Item) (sum int) {\n\tfor _, item := range items {\n\t\tsum += item.Price\n\t}\n\treturn\n}"],
    escape=quoted('"'),
)
RB = Kind(
    "# frozen_string_literal: true\n\nrequire 'json'\nrequire 'net/http'\n\n",
    ["{U} = '{v}'", "{s} = ENV.fetch('{U}', '{v}')", "config.{s} = '{v}'", "OPTIONS_{U} = { {s}: '{v}', retries: 2 }.freeze",
     "ENV['{U}'] ||= '{v}'", "set :{s}, '{v}'"],
    ["client = Client.new('{v}')", "request['Authorization'] = 'Bearer {v}'", "# was {v}", "token = '{v}'"],
    ["def handler(event:, context:)\n  { statusCode: 200, body: JSON.generate(event) }\nend",
     "def total(items)\n  items.sum { |item| item[:price] }\nend"],
    escape=quoted("'"),
)
CS = Kind(
    "using System;\nusing Amazon.Lambda.Core;\n\nnamespace Acme.Orders\n{\n    public class @Name@\n    {\n",
    ["        private const string {P} = \"{v}\";", "        public string {P} { get; set; } = \"{v}\";",
     "        private readonly string _{c} = Environment.GetEnvironmentVariable(\"{U}\") ?? \"{v}\";",
     "        static readonly Options {P}Options = new Options { {P} = \"{v}\" };"],
    ["        private readonly Client _client = new Client(\"{v}\");", "        // previous: {v}",
     "        void Sign(HttpRequestMessage r) => r.Headers.Add(\"Authorization\", \"Bearer {v}\");"],
    ["        public string Handler(Order order, ILambdaContext context)\n        {\n            return order.Id;\n        }"],
    "    }\n}\n",
    quoted('"'),
)
PHP = Kind(
    "<?php\n\nrequire __DIR__ . '/vendor/autoload.php';\n\n",
    ["define('{U}', '{v}');", "$" + "{s} = '{v}';", "$config['{s}'] = '{v}';", "return_if(['{s}' => '{v}', 'debug' => false]);",
     "putenv('{U}={v}');", "const {U} = '{v}';"],
    ["$client = new Client('{v}');", "// key of the old account: {v}",
     "curl_setopt($ch, CURLOPT_HTTPHEADER, ['Authorization: Bearer {v}']);"],
    ["function handler(array $event): array\n{\n    return ['statusCode' => 200];\n}"],
    escape=quoted("'"),
)
SH = Kind(
    "#!/usr/bin/env bash\nset -euo pipefail\n\n",
    ["export {U}='{v}'", "{U}=\"{v}\"", "aws lambda update-function-configuration --function-name f --environment "
     "'Variables={{U}={v}}'", "{U}='{v}' ./deploy.sh"],
    ["curl -sf -H 'Authorization: Bearer {v}' https://api.internal/v1/deploy", "./login --token {v}", "# {v}"],
    ["zip -qr function.zip . -x '*.git*'", "if [ -z \"${STAGE:-}\" ]; then\n  STAGE=dev\nfi"],
)
TF = Kind(
    "terraform {\n  required_version = \">= 1.5\"\n}\n\n",
    ["variable \"{s}\" {\n  type    = string\n  default = \"{v}\"\n}", "resource \"aws_lambda_function\" \"{s}\" {\n  runtime = "
     "\"nodejs20.x\"\n  environment {\n    variables = {\n      {U} = \"{v}\"\n    }\n  }\n}", "locals {\n  {s} = \"{v}\"\n}"],
    ["provider \"vendor\" {\n  token = \"{v}\"\n}", "# {v}"],
    ["resource \"aws_sqs_queue\" \"jobs\" {\n  name = \"jobs\"\n}"],
    escape=lambda text: quoted('"')(text).replace("${", "$${"),
)
YAML = Kind(
    "service: orders\n\nsettings:\n",
    ["  {s}: \"{v}\"", "  {c}: '{v}'", "  {k}: \"{v}\"", "  {U}: \"{v}\""],
    ["  credentials: \"{v}\"", "  # {v}"],
    ["  timeout: 30", "  region: eu-west-1", "  retries: 3"],
)
SERVERLESS = Kind(
    "service: orders\nprovider:\n  name: aws\n  runtime: nodejs20.x\n  environment:\n",
    ["    {U}: {v}", "    {U}: '{v}'", "    {U}: \"{v}\""], [], ["    STAGE: ${opt:stage, 'dev'}"],
    "functions:\n  api:\n    handler: src/api.handler\n",
)
COMPOSE = Kind(
    "services:\n  app:\n    image: orders:latest\n    environment:\n",
    ["      - {U}={v}", "      - \"{U}={v}\""], [], ["      - STAGE=dev"], "    ports:\n      - \"8080:8080\"\n",
)
TEMPLATE = Kind(
    "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\nResources:\n  Api:\n    Type: "
    "AWS::Serverless::Function\n    Properties:\n      Environment:\n        Variables:\n",
    ["          {U}: \"{v}\"", "          {U}: '{v}'"], [], ["          STAGE: !Ref Stage"],
)
K8S = Kind(
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: orders\nspec:\n  template:\n    spec:\n      containers:\n"
    "        - name: app\n          env:\n",
    ["            - name: {U}\n              value: \"{v}\""], [], ["            - name: STAGE\n              value: prod"],
)
DOCKER = Kind(
    "FROM public.ecr.aws/lambda/nodejs:20\nWORKDIR /var/task\nCOPY . .\n",
    ["ENV {U}={v}", "ENV {U} \"{v}\"", "ARG {U}={v}"], ["RUN ./login --token {v}"], ["RUN npm ci --omit=dev"],
    "CMD [\"index.handler\"]\n",
)
ENV = Kind("# environment of the function\n", ["{U}={v}", "{U}='{v}'", "export {U}={v}"], ["# {v}"], ["STAGE=prod", "LOG_LEVEL=info"])
JSON = Kind(
    "{\n", ["  \"{c}\": \"{v}\",", "  \"{s}\": \"{v}\",", "  \"{P}\": { \"Region\": \"eu\", \"{P}\": \"{v}\" },", "  \"{U}\": \"{v}\","],
    ["  \"credential\": \"{v}\","], ["  \"timeout\": 30,", "  \"region\": \"eu-west-1\","], "  \"version\": 1\n}\n", quoted('"'),
)
TOML = Kind("title = \"orders\"\n\n[service]\n", ["{s} = \"{v}\"", "{U} = \"{v}\""], ["# {v}", "credential = \"{v}\""],
            ["timeout = 30"], escape=quoted('"'))
INI = Kind("[service]\n", ["{s} = {v}", "{U}={v}"], ["; {v}"], ["timeout = 30"])
PROPERTIES = Kind("# service\n", ["service.{k}={v}", "{s}: {v}", "{c}={v}"], ["# {v}"], ["service.timeout=30"],
                  escape=lambda text: text.replace("\\", "\\\\"))
XML = Kind(
    "<?xml version=\"1.0\"?>\n<configuration>\n",
    ["  <{c}>{v}</{c}>", "  <add key=\"{P}\" value=\"{v}\" />", "  <property name=\"{c}\" value=\"{v}\"/>"],
    ["  <!-- {v} -->"], ["  <timeout>30</timeout>"], "</configuration>\n", lambda text: xml(text, {'"': "&quot;"}),
)
MD = Kind(
    "# Orders\n\nHow to run the service.\n\n",
    ["    export {U}={v}", "- set `{U}` to `{v}`"], ["    curl -H 'Authorization: Bearer {v}' https://api.internal/v1"],
    ["Then deploy with `sls deploy`.", "See the runbook for the rest."],
)
NOTEBOOK = Kind(
    '{\n "cells": [\n  {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1,\n   "source": [\n',
    ["    \"{s} = '{v}'\\n\",", "    \"os.environ['{U}'] = '{v}'\\n\","], ["    \"client = Client('{v}')\\n\","],
    ["    \"import pandas as pd\\n\",", "    \"frame.head()\\n\","],
    '    "pass"]}\n ],\n "nbformat": 4, "nbformat_minor": 5, "metadata": {}\n}\n', lambda text: quoted('"')(quoted("'")(text)),
)
SQL = Kind(
    "BEGIN;\n", ["INSERT INTO settings (name, value) VALUES ('{s}', '{v}');", "UPDATE settings SET {s} = '{v}' WHERE id = 1;"],
    ["-- {v}"], ["CREATE TABLE IF NOT EXISTS orders (id uuid PRIMARY KEY, total integer);"], "COMMIT;\n",
)
KINDS = {
    "js": JS, "ts": TS, "py": PY, "java": JAVA, "go": GO, "rb": RB, "cs": CS, "php": PHP, "sh": SH, "tf": TF, "yml": YAML,
    "serverless": SERVERLESS, "compose": COMPOSE, "template": TEMPLATE, "k8s": K8S, "docker": DOCKER, "env": ENV, "json": JSON,
    "toml": TOML, "ini": INI, "properties": PROPERTIES, "xml": XML, "md": MD, "ipynb": NOTEBOOK, "sql": SQL,
}  # fmt: skip


def forms(name):
    """The ways a name is written, from DB_PASSWORD or dbPassword."""
    if name.isupper() or "_" in name:
        words = name.lower().split("_")
    else:
        spaced = "".join(" " + c.lower() if c.isupper() else c for c in name)
        words = spaced.split()
    pascal = "".join(word.capitalize() for word in words)
    return {
        "{U}": "_".join(words).upper(), "{s}": "_".join(words), "{c}": pascal[0].lower() + pascal[1:], "{P}": pascal,
        "{k}": "-".join(words),
    }  # fmt: skip
