"""Runs moto's server, and fills it as an account with many functions would be.

    emulator.py serve                       prints its port, ends with its standard input
    emulator.py fill ENDPOINT FOLDER COUNT  secrets by name as JSON on standard input
    emulator.py change ENDPOINT FOLDER NAME...
    emulator.py image ENDPOINT FOLDER NAME...
    emulator.py put ENDPOINT FOLDER BUCKET  files by key as JSON on standard input

Every archive that is uploaded is also written to FOLDER/<sha256>.zip, since moto's own addresses lead nowhere.
The account is that of the credentials in the environment.
"""

import datetime
import hashlib
import io
import json
import os
import sys
import zipfile

RUNTIMES = ("nodejs22.x", "python3.13", "java21")
TEAMS = ("orders", "billing", "search")
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
# Packages that real functions have, in versions of which some are old.
NODE = (("lodash", "4.17.20"), ("express", "4.21.2"), ("axios", "0.21.1"), ("minimist", "1.2.8"))
PYTHON = (("requests", "2.31.0"), ("urllib3", "1.26.4"), ("jinja2", "3.1.2"), ("boto3", "1.34.0"))
JAVA = (("org.apache.logging.log4j", "log4j-core", "2.17.1"), ("com.google.guava", "guava", "31.1-jre"),
        ("org.yaml", "snakeyaml", "1.30"), ("commons-io", "commons-io", "2.11.0"))


def statement(action, resource="*"):
    return json.dumps({"Version": "2012-10-17",
                       "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})


def archive(entries):
    """A zip whose bytes depend on its entries alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for name, text in entries:
            zipped.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def node(name, version, root=""):
    return [(f"{root}node_modules/{name}/package.json", json.dumps({"name": name, "version": version})),
            (f"{root}node_modules/{name}/index.js", "module.exports = {};\n")]


def python(name, version, root=""):
    folder = f"{root}{name}-{version}.dist-info/"
    return [(folder + "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"),
            (folder + "RECORD", f"{name}/__init__.py,,\n{folder[len(root):]}METADATA,,\n{folder[len(root):]}RECORD,,\n"),
            (f"{root}{name}/__init__.py", "")]


def java(group, name, version, root=""):
    jar = archive([(f"META-INF/maven/{group}/{name}/pom.properties",
                    f"groupId={group}\nartifactId={name}\nversion={version}\n")])
    return [(f"{root}lib/{name}-{version}.jar", jar)]


def code(index, edition):
    """The archive of a function: its own file, and two packages."""
    which, first, second = index % 3, index // 3 % 4, (index // 3 + 1) % 4
    if which == 0:
        own = [("index.js", f"exports.handler = async () => ({{ index: {index}, edition: {edition} }});\n")]
        packages = node(*NODE[first]) + node(*NODE[second])
    elif which == 1:
        own = [("app.py", f"def handler(event, context):\n    return {index}, {edition}\n")]
        packages = python(*PYTHON[first]) + python(*PYTHON[second])
    else:
        own = [("application.properties", f"index={index}\nedition={edition}\n")]
        packages = java(*JAVA[first]) + java(*JAVA[second])
    return archive(own + packages)


class Account:
    def __init__(self, endpoint, folder):
        self.endpoint, self.folder = endpoint, folder
        self.functions = self.client("lambda")
        self.number = self.client("sts").get_caller_identity()["Account"]
        self.region = os.environ["AWS_REGION"]

    def client(self, service):
        import boto3
        return boto3.client(service, endpoint_url=self.endpoint, region_name=os.environ["AWS_REGION"])

    def keep(self, data):
        with open(os.path.join(self.folder, hashlib.sha256(data).hexdigest() + ".zip"), "wb") as out:
            out.write(data)
        return {"ZipFile": data}

    def roles(self):
        """Ten roles: every third with an inline policy, an attached one, a boundary."""
        iam = self.client("iam")
        # They belong to all regions.
        if iam.list_roles()["Roles"]:
            return
        attached = iam.create_policy(PolicyName="read-orders",
                                     PolicyDocument=statement("dynamodb:GetItem"))["Policy"]["Arn"]
        # The default version is not the first one.
        iam.create_policy_version(PolicyArn=attached, PolicyDocument=statement("dynamodb:Query"), SetAsDefault=True)
        boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=statement("s3:*"))["Policy"]["Arn"]
        for index in range(10):
            role = f"function-{index}"
            more = {"PermissionsBoundary": boundary} if index % 3 == 2 else {}
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST), **more)
            if index % 3 == 0:
                iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=statement("s3:GetObject"))
            if index % 3 == 1:
                iam.attach_role_policy(RoleName=role, PolicyArn=attached)

    def layers(self):
        """One layer for each runtime, and a second one for Node."""
        contents = {"node-tools": node("semver", "7.5.1", "nodejs/"), "python-tools": python("idna", "3.4", "python/"),
                    "java-tools": java("com.h2database", "h2", "2.1.210", "java/"),
                    "node-more": node("qs", "6.5.2", "nodejs/")}
        return {name: self.functions.publish_layer_version(
                    LayerName=name, Content=self.keep(archive(entries)))["LayerVersionArn"]
                for name, entries in contents.items()}

    def fill(self, count, secrets):
        self.roles()
        layers = self.layers()
        queue = self.client("sqs").create_queue(QueueName="orders")["QueueUrl"].rsplit("/", 1)[-1]
        queue = f"arn:aws:sqs:{self.region}:{self.number}:{queue}"
        called = []
        for index in range(count):
            name = f"{TEAMS[index // 3 % 3]}-{index:03}"
            self.create(name, index, layers, secrets)
            self.surround(name, index, queue)
            if index % 3 == 0:
                called.append((name, index % 28))
        metrics = self.client("cloudwatch")
        now = datetime.datetime.now(datetime.timezone.utc)
        for start in range(0, len(called), 20):
            metrics.put_metric_data(Namespace="AWS/Lambda", MetricData=[
                {"MetricName": "Invocations", "Dimensions": [{"Name": "FunctionName", "Value": name}],
                 "Timestamp": now - datetime.timedelta(days=days), "Value": 1, "Unit": "Count"}
                for name, days in called[start:start + 20]])

    def create(self, name, index, layers, secrets):
        which = index % 3
        chosen = [layers[("node-tools", "python-tools", "java-tools")[which]]] if index % 2 == 0 else []
        if index % 6 == 0:
            chosen.append(layers["node-more"])
        variables = {"STAGE": "prod" if index % 2 else "dev"}
        names = sorted(secrets)
        if index % 4 == 0 and names:
            secret = names[index // 4 % len(names)]
            variables[secret.upper().replace("-", "_")] = secrets[secret]
        self.functions.create_function(
            FunctionName=name, Runtime=RUNTIMES[which], Handler=("index.handler", "app.handler", "App::handle")[which],
            Role=f"arn:aws:iam::{self.number}:role/function-{index % 10}", Code=self.keep(code(index, 1)),
            Layers=chosen, Environment={"Variables": variables},
            Tags={"team": name.split("-")[0], "stage": variables["STAGE"]})

    def surround(self, name, index, queue):
        """What stands around a function: addresses, a policy, what calls it, versions."""
        calls = self.functions
        if index % 10 in (1, 2):
            calls.create_function_url_config(
                FunctionName=name, AuthType="NONE" if index % 10 == 1 else "AWS_IAM",
                Cors={"AllowOrigins": ["https://shop.example.com"], "AllowMethods": ["GET"]})
        if index % 5 == 0:
            calls.add_permission(FunctionName=name, StatementId="bucket", Action="lambda:InvokeFunction",
                                 Principal="s3.amazonaws.com", SourceAccount=self.number)
        if index % 30 == 5:
            calls.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
        if index % 25 == 4:
            calls.publish_version(FunctionName=name)
            calls.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
            self.change(name)
            # A second version that nothing points to.
            calls.publish_version(FunctionName=name)
        if index % 20 == 3:
            calls.create_event_source_mapping(EventSourceArn=queue, FunctionName=name)

    def image(self, name):
        """A function that is a container image."""
        self.functions.create_function(
            FunctionName=name, PackageType="Image", Role=f"arn:aws:iam::{self.number}:role/function-0",
            Code={"ImageUri": f"{self.number}.dkr.ecr.{self.region}.amazonaws.com/{name}:latest"},
            Environment={"Variables": {"STAGE": "prod"}})

    def put(self, bucket, objects):
        """Puts files into a bucket."""
        store = self.client("s3")
        if bucket not in [one["Name"] for one in store.list_buckets()["Buckets"]]:
            store.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": self.region})
        for key, path in objects.items():
            with open(path, "rb") as data:
                store.put_object(Bucket=bucket, Key=key, Body=data.read())

    def change(self, name):
        """Gives a function other code, with the same packages."""
        self.functions.update_function_code(
            FunctionName=name, **self.keep(code(int(name.rsplit("-", 1)[1]), 2)))


def serve():
    from moto.server import ThreadedMotoServer
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    if command == "serve":
        serve()
    endpoint, folder, *rest = rest
    account = Account(endpoint, folder)
    if command == "fill":
        account.fill(int(rest[0]), json.load(sys.stdin))
    elif command == "change":
        for function in rest:
            account.change(function)
    elif command == "image":
        for function in rest:
            account.image(function)
    elif command == "put":
        account.put(rest[0], json.load(sys.stdin))
