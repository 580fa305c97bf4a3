"""What alerts, their runbook and the dashboard have to keep. Talks to nobody but a Prometheus on loopback.

judge.py tests RULES TEST            every alert is expected once with something and once with nothing
judge.py runbook RULES RUNBOOK       every alert says what it should, and has a section; every section has an alert
judge.py commands PROGRAM FILE...    every command of tieout in these files is one that the program takes
judge.py dashboard FILE METRICS      panels say what they are, lie beside each other, and leave no metric of the catalogue out
judge.py config RULES ADDRESS...     prints the configuration of a Prometheus that scrapes these
judge.py ready URL                   whether a Prometheus answers
judge.py scraped URL                 whether it has read every target twice and evaluated every rule
judge.py queries URL RULES FILE      every expression is evaluated; those of panels find something, and alerts do not fire
"""

import json
import pathlib
import re
import shlex
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

import yaml

# What is rightly empty after a run that went well, into a queue that does not count its consumers.
EMPTY = {"Oldest dead letter", "Consumers are behind by"}
SEVERITIES = {"critical", "warning", "info"}
VARIABLES = {"$__rate_interval": "1m", "$__range": "5m", "$namespace": ".*", "$job": ".*", "$domain": ".*"}


# Where a runbook is, of which a file knows only that there may be one.
PAGE = "https://wiki.example.com/tieout/runbook.html"


def rules_in(text):
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def rules_of(path):
    return rules_in(pathlib.Path(path).read_text())


def alerts_of(path):
    return [rule for rule in rules_of(path) if "alert" in rule]


def panels_of(path):
    return [panel for panel in json.loads(pathlib.Path(path).read_text())["panels"] if panel["type"] != "row"]


def tests(rules, test):
    asked = [one for case in yaml.safe_load(pathlib.Path(test).read_text())["tests"] for one in case.get("alert_rule_test", [])]
    names = {rule["alert"] for rule in alerts_of(rules)}
    for name in sorted(names):
        expected = [bool(one["exp_alerts"]) for one in asked if one["alertname"] == name]
        if True not in expected:
            yield f"no test sees {name} fire"
        if False not in expected:
            yield f"no test sees {name} stay silent"
    for name in sorted({one["alertname"] for one in asked} - names):
        yield f"a test asks for {name}, which no rule raises"
    severities = {(one["alertname"], alert["exp_labels"]["severity"]) for one in asked for alert in one["exp_alerts"]}
    for rule in alerts_of(rules):
        if (rule["alert"], rule["labels"]["severity"]) not in severities:
            yield f"no test sees {rule['alert']} fire as {rule['labels']['severity']}"


def runbook(rules, book):
    sections = re.findall(r"^## (Tieout\w+)$", pathlib.Path(book).read_text(), re.MULTILINE)
    names = [rule["alert"] for rule in alerts_of(rules)]
    for name in sorted(set(names) ^ set(sections)):
        yield f"{name} is an alert without a section, or a section without an alert"
    for name in sorted({name for name in sections if sections.count(name) > 1}):
        yield f"{name} has two sections"
    text = pathlib.Path(rules).read_text()
    if any("runbook_url" in rule["annotations"] for rule in alerts_of(rules)):
        yield "an alert leads to a page that nobody has named"
    for rule in rules_in(text.replace("# runbook_url: RUNBOOK", f"runbook_url: {PAGE}")):
        if "alert" not in rule:
            continue
        name, said = rule["alert"], rule["annotations"]
        if rule["labels"].get("severity") not in SEVERITIES or "for" not in rule:
            yield f"{name} has no severity of {sorted(SEVERITIES)}, or no `for`"
        if said.get("runbook_url") != f"{PAGE}#{name.lower()}":
            yield f"{name} would lead to {said.get('runbook_url')}"
        if "tieout " not in said["description"].partition("Look: ")[2] or not said["summary"]:
            yield f"{name} does not say where to look"
        values = ("$value", "$labels")
        if not any(value in said["description"] for value in values):
            yield f"{name} says nothing about what it saw"


# Words in capitals and labels stand for something.
def words_of(command):
    command = re.sub(r"{{.*?}}", "shop.charges", command)
    return shlex.split(command.replace("DOMAIN/KEY", "shop.charges/ch_1").replace("DOMAIN", "shop.charges"))


def commands(program, *files):
    for file in files:
        text = pathlib.Path(file).read_text()
        found = re.findall(r"`(tieout [a-z][^`]*)`|Look: (tieout [^',]*)", text)
        # A block of a console, up to a comment or to where its output goes.
        found += [(line, "") for line in re.findall(r"^\$ (tieout [^#>\n]*)", text, re.MULTILINE)]
        if not found:
            yield f"{file} names no command"
        for command in sorted({(one or other).strip() for one, other in found}):
            tried = subprocess.run([program, *words_of(command)[1:], "--help"], capture_output=True, text=True)
            if tried.returncode:
                yield f"{file}: `{command}` is no command: {tried.stderr.strip().splitlines()[0]}"


def dashboard(path, metrics):
    board, panels = json.loads(pathlib.Path(path).read_text()), panels_of(path)
    ids = [panel["id"] for panel in board["panels"]]
    if len(ids) != len(set(ids)):
        yield "two panels have one id"
    taken = {}
    for panel in board["panels"]:
        title, at = panel["title"], panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        if at["x"] + at["w"] > 24 or cells & taken.keys():
            yield f"{title} lies on another panel, or beyond the edge"
        taken.update(dict.fromkeys(cells, title))
    for panel in panels:
        if not panel.get("description") or not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{panel['title']} has no description or no unit"
        for target in panel["targets"]:
            if panel["datasource"]["uid"] != "${datasource}" or '$namespace"' not in target["expr"] or '$job"' not in target["expr"]:
                yield f"{panel['title']} does not heed the variables"
    said = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    said += " ".join(one["expr"] for one in board["annotations"]["list"]) + str(board["templating"])
    catalogue = set(re.findall(r"^\| `(tieout_\w+)`", pathlib.Path(metrics).read_text(), re.MULTILINE))
    shown = set(re.findall(r"\btieout_\w+", said))
    # When a run began is told by its end and its duration.
    for name in sorted((catalogue - {"tieout_domain_last_start_timestamp_seconds"}) ^ shown):
        yield f"{name} is shown and in no catalogue, or in the catalogue and not shown"


def config(rules, *addresses):
    job = {"job_name": "tieout", "scrape_interval": "1s", "static_configs": [{"targets": list(addresses)}]}
    whole = {"global": {"evaluation_interval": "1s"}, "rule_files": [rules], "scrape_configs": [job]}
    sys.stdout.write(yaml.safe_dump(whole))
    return ()


def ask(url, path, **query):
    full = f"{url}{path}?{urllib.parse.urlencode(query)}"
    try:
        with urllib.request.urlopen(full, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise SystemExit(f"alerts: {query or path}: {json.load(error).get('error', error)}") from error


def found(url, expr):
    for variable, value in VARIABLES.items():
        expr = expr.replace(variable, value)
    return ask(url, "/api/v1/query", query=expr)["result"]


def ready(url):
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5):
            return ()
    except OSError:
        raise SystemExit(1) from None


def scraped(url):
    reads = [int(one["value"][1]) for one in found(url, 'count_over_time(tieout_build_info[5m])')]
    rules = [rule for group in ask(url, "/api/v1/rules")["groups"] for rule in group["rules"]]
    recorded = found(url, "tieout:domain_drift:ratio")
    if len(reads) < 2 or min(reads) < 3 or not recorded or any(rule["health"] == "unknown" for rule in rules):
        raise SystemExit(1)
    return ()


def queries(url, rules, board):
    for rule in (rule for group in ask(url, "/api/v1/rules")["groups"] for rule in group["rules"]):
        if rule["health"] != "ok":
            yield f"{rule['name']} cannot be evaluated: {rule.get('lastError')}"
    for rule in rules_of(rules):
        series = found(url, rule["expr"])
        if "alert" in rule and series:
            yield f"{rule['alert']} would fire after a run that went well: {series}"
        if "record" in rule and not series:
            yield f"{rule['record']} records nothing"
    document = json.loads(pathlib.Path(board).read_text())
    asked = [(panel["title"], target["expr"]) for panel in panels_of(board) for target in panel["targets"]]
    asked += [(one["name"], one["expr"]) for one in document["annotations"]["list"]]
    empty = {title for title, expr in asked if not found(url, expr)}
    for title in sorted(empty ^ EMPTY):
        yield f"{title} finds nothing, or is said to find nothing and does"
    for one in document["templating"]["list"]:
        if one["type"] == "query":
            expr, label = re.fullmatch(r"label_values\((.*), (\w+)\)", one["query"]["query"]).groups()
            if label != "namespace" and not any(label in series["metric"] for series in found(url, expr)):
                yield f"the variable {one['name']} has no value"


JUDGES = {one.__name__: one for one in (tests, runbook, commands, dashboard, config, ready, scraped, queries)}

if __name__ == "__main__":
    wrong = list(JUDGES[sys.argv[1]](*sys.argv[2:]))
    if wrong:
        sys.exit("\n".join(f"alerts: {one}" for one in wrong))
