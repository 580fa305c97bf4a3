"""What every manifest has to keep that Kubernetes itself does not ask for. Reads files, talks to nobody.

judge.py rules FILE...        the rules, on rendered manifests; prints what breaks one
judge.py silent FILE...       what only looks: every CronJob plans, or is suspended
judge.py cronjob FILE NAME    a CronJob as JSON, as kubectl prints it
judge.py groups FILE DIR      every PrometheusRule as a file of rules below DIR
judge.py config FILE DIR      the ConfigMaps of tieout as files below DIR, with the paths in them moved there
judge.py compose FILE         the compose specification, and that every volume and every dependency is there
"""

import ipaddress
import json
import pathlib
import sys

import yaml


def documents(path):
    return [document for document in yaml.safe_load_all(pathlib.Path(path).read_text()) if document]


def pod_of(document):
    kind, spec = document["kind"], document.get("spec", {})
    if kind == "Pod":
        return spec
    if kind == "CronJob":
        return spec["jobTemplate"]["spec"]["template"]["spec"]
    return spec["template"]["spec"] if kind in ("Job", "Deployment") else None


# What a pod of a cluster may have to ask: DNS on its node, in two usual places, and EKS Pod Identity. And what it must not.
NEEDED = ["169.254.20.10", "169.254.25.10", "169.254.170.23", "fd00:ec2::23"]
METADATA = ["169.254.169.254", "fd00:ec2::254", "fd20:ce::254"]


def reaches(policy, address):
    address = ipaddress.ip_address(address)
    blocks = [one["ipBlock"] for rule in policy.get("egress", []) for one in rule.get("to", []) if "ipBlock" in one]
    taken_out = [one for one in blocks for cidr in one.get("except", []) if address in ipaddress.ip_network(cidr)]
    return any(address in ipaddress.ip_network(one["cidr"]) and one not in taken_out for one in blocks)


def broken(document):
    name, pod = f"{document['kind']} {document['metadata']['name']}", pod_of(document)
    if document["kind"] == "NetworkPolicy" and "Egress" in document["spec"]["policyTypes"]:
        for address in NEEDED:
            yield reaches(document["spec"], address), f"{name}: a pod cannot ask {address}"
        for address in METADATA:
            yield not reaches(document["spec"], address), f"{name}: a pod may ask {address} for the rights of its node"
    if document["kind"] == "CronJob":
        spec, job = document["spec"], document["spec"]["jobTemplate"]["spec"]
        env = {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}
        # What starts no run has no deadline; a retry ends a minute after it began to deliver.
        own = int(env.get("TIEOUT_DEADLINE", "60s").removesuffix("s"))
        yield len(document["metadata"]["name"]) <= 52, f"{name}: the name is longer than 52"
        yield spec.get("timeZone") and spec.get("startingDeadlineSeconds", 0) >= 10, f"{name}: no zone, or no starting deadline"
        yield job["activeDeadlineSeconds"] > own + pod["terminationGracePeriodSeconds"], f"{name}: killed before its own deadline"
        yield pod["restartPolicy"] == "Never" and job.get("podFailurePolicy"), f"{name}: no pod failure policy"
        yield ("backoffLimit" in job) != ("backoffLimitPerIndex" in job), f"{name}: two limits of retries, or none"
        yield env.get("TIEOUT_IF_LOCKED") == "join" or job.get("completionMode") != "Indexed", f"{name}: shards that do not share"
    if pod is None:
        return
    yield pod["automountServiceAccountToken"] is False, f"{name}: a token is mounted"
    yield pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["fsGroup"] == 65532, f"{name}: root, or unreadable secrets"
    yield pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, f"{name}: no seccomp"
    claims = [volume["name"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
    component = document["metadata"].get("labels", {}).get("app.kubernetes.io/component")
    yield not claims or component in ("run", "daemon"), f"{name}: holds {claims} on its node and writes no report"
    for volume in pod["volumes"]:
        yield "emptyDir" not in volume or volume["emptyDir"].get("sizeLimit"), f"{name}: {volume['name']} may fill the node"
        yield "projected" not in volume or volume["projected"]["defaultMode"] == 0o400, f"{name}: secrets that others may read"
    ours = [one for one in pod["containers"] + pod.get("initContainers", []) if one["name"] in ("tieout", "migrate")]
    for one in ours:
        what, safe, memory = f"{name}, {one['name']}", one["securityContext"], one["resources"]
        yield safe["readOnlyRootFilesystem"] and not safe["allowPrivilegeEscalation"], f"{what}: may write or rise"
        yield safe["capabilities"]["drop"] == ["ALL"], f"{what}: capabilities"
        yield memory["requests"]["memory"] == memory["limits"]["memory"] and "cpu" not in memory["limits"], f"{what}: resources"
        yield one["terminationMessagePolicy"] == "FallbackToLogsOnError" and "command" not in one, f"{what}: last words, or a shell"
        yield not any("subPath" in mount for mount in one["volumeMounts"]), f"{what}: subPath never sees a renewed secret"
        secret = [e["name"] for e in one["env"] if "secretKeyRef" in e.get("valueFrom", {})]
        yield not secret and "envFrom" not in one, f"{what}: secrets in variables: {secret}"
        yield not one.get("livenessProbe") or document["kind"] == "Deployment", f"{what}: a probe that kills long pages"


def rules(*files):
    said = [f"{file}: {what}" for file in files for d in documents(file) for kept, what in broken(d) if not kept]
    print("\n".join(said), end="\n" if said else "")
    return not said


def silent(*files):
    jobs = [(file, d["metadata"]["name"], d["spec"]) for file in files for d in documents(file) if d["kind"] == "CronJob"]
    sends = [(file, name) for file, name, spec in jobs if spec.get("suspend") is not True
             and spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"][:1] != ["plan"]]
    for file, name in sends:
        print(f"{file}: CronJob {name}: may send something, and is not suspended")
    return bool(jobs) and not sends


def cronjob(file, name):
    (found,) = [d for d in documents(file) if d["kind"] == "CronJob" and d["metadata"]["name"] == name]
    print(json.dumps(found))
    return True


def groups(file, folder):
    made = [d for d in documents(file) if d["kind"] == "PrometheusRule"]
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    for document in made:
        (pathlib.Path(folder) / f"{document['metadata']['name']}.yaml").write_text(yaml.safe_dump(document["spec"]))
    return bool(made)


def config(file, folder):
    for document in documents(file):
        name = document["metadata"]["name"]
        if document["kind"] != "ConfigMap" or name.endswith("-migrate") or "dashboard" in name:
            continue
        into = pathlib.Path(folder) / ("reconcilers" if "reconcilers" in name else "config")
        into.mkdir(parents=True, exist_ok=True)
        for path, text in document.get("data", {}).items():
            (into / path).write_text(text.replace("/etc/tieout", folder))
    return True


def compose(file):
    import compose_spec

    compose_spec.PyCompose.from_yaml(pathlib.Path(file).read_text()).validate()
    (document,) = documents(file)
    for name, service in document["services"].items():
        lacking = set(service.get("depends_on", {})) - set(document["services"])
        lacking |= {v["source"] for v in service.get("volumes", []) if v["type"] == "volume"} - set(document["volumes"])
        folder = pathlib.Path(file).parent
        lacking |= {v["source"] for v in service.get("volumes", []) if v["type"] == "bind" and not (folder / v["source"]).exists()}
        lacking |= {port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")}
        if lacking:
            print(f"{file}: {name} names what is not there, or is open to others: {lacking}")
            return False
    return True


command, *words = sys.argv[1:]
sys.exit(0 if {"rules": rules, "silent": silent, "cronjob": cronjob, "groups": groups, "config": config, "compose": compose}[command](*words) else 1)
