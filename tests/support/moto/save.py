"""Saves the functions of an account as AWS's command line prints them, with their archives.

    save.py ENDPOINT ARCHIVES FOLDER

ARCHIVES holds every archive as <sha256>.zip. The command line prints what boto3 answers, but for `ResponseMetadata`.
"""

import base64
import json
import os
import shutil
import sys

import boto3
from botocore.config import Config

endpoint, archives, folder = sys.argv[1:]
# The proxy keeps AWS's rates, and the sweep that is compared with this has its share of them.
patient = Config(retries={"mode": "standard", "max_attempts": 20})
functions, iam = (boto3.client(name, endpoint_url=endpoint, region_name=os.environ["AWS_REGION"], config=patient)
                  for name in ("lambda", "iam"))


def save(path, answer):
    """What the command line would print."""
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        json.dump({key: value for key, value in answer.items() if key != "ResponseMetadata"}, out, indent=4, default=str)


def fetch(path, digest):
    """What its address would give."""
    digest = base64.b64decode(digest).hex()
    shutil.copy(os.path.join(archives, digest + ".zip"), os.path.join(folder, path))


def everything(client, call, key, **arguments):
    """All pages of a list as one, as the command line makes it."""
    if not client.can_paginate(call):
        return getattr(client, call)(**arguments)
    return {key: [one for page in client.get_paginator(call).paginate(**arguments) for one in page[key]]}


def function(name, path, **qualifier):
    answer = functions.get_function(FunctionName=name, **qualifier)
    save(path + ".json", answer)
    if answer["Configuration"]["PackageType"] != "Image":
        fetch(path + ".zip", answer["Configuration"]["CodeSha256"])
    return {layer["Arn"] for layer in answer["Configuration"].get("Layers", [])}


layers = set()
for name in [one["FunctionName"] for one in everything(functions, "list_functions", "Functions")["Functions"]]:
    layers |= function(name, name)
    aliases = everything(functions, "list_aliases", "Aliases", FunctionName=name)
    save(name + ".aliases.json", aliases)
    for version in {alias["FunctionVersion"] for alias in aliases["Aliases"]} - {"$LATEST"}:
        layers |= function(name, f"{name}-{version}", Qualifier=version)
    save(name + ".urls.json", everything(functions, "list_function_url_configs", "FunctionUrlConfigs", FunctionName=name))
    try:
        save(name + ".policy.json", functions.get_policy(FunctionName=name))
    except functions.exceptions.ResourceNotFoundException:
        pass
for arn in layers:
    layer, version = arn.rsplit(":", 1)
    answer = functions.get_layer_version(LayerName=layer.rsplit(":", 1)[1], VersionNumber=int(version))
    path = "layers/" + arn.replace(":", "_")
    save(path + ".json", answer)
    fetch(path + ".zip", answer["Content"]["CodeSha256"])
save("account/mappings.json", everything(functions, "list_event_source_mappings", "EventSourceMappings"))
access = list(iam.get_paginator("get_account_authorization_details").paginate(
    Filter=["Role", "LocalManagedPolicy", "AWSManagedPolicy"]))
save("account/access.json", {key: [one for page in access for one in page[key]] for key in ("RoleDetailList", "Policies")})
