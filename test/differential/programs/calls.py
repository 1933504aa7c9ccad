"""A user's program on the Python client: one call after the other in NAMESPACE, and what came of each.

Prints a line of JSON for each call; it knows nothing of Holdpoint.
"""

import json
import sys

from kubernetes import client, config, watch
from kubernetes.stream import stream

(namespace,) = sys.argv[1:]
config.load_kube_config()
core = client.CoreV1Api()
apps = client.AppsV1Api()
api = client.ApiClient()


def say(call, result):
    print(json.dumps({"call": call, "result": api.sanitize_for_serialization(result)}, sort_keys=True))


def attempt(call, make):
    try:
        say(call, make())
    except client.ApiException as error:
        say(call, {"raised": type(error).__name__, "status": error.status, "body": json.loads(error.body)})


def config_map(name, data):
    return {"metadata": {"name": name}, "data": data}


attempt("version", lambda: client.VersionApi().get_code())
attempt("groups", lambda: [group.name for group in client.ApisApi().get_api_versions().groups])
attempt("namespace", lambda: core.read_namespace(namespace))
attempt("list", lambda: core.list_namespaced_config_map(namespace))
attempt("list a page", lambda: [item.metadata.name for item in core.list_namespaced_config_map(namespace, limit=1).items])
attempt("list by label", lambda: core.list_namespaced_pod(namespace, label_selector="app=lone"))
attempt("list by field", lambda: core.list_namespaced_pod(namespace, field_selector="metadata.name=lone"))
attempt("read", lambda: core.read_namespaced_pod("lone", namespace))
attempt("read none", lambda: core.read_namespaced_pod("none", namespace))
attempt("create", lambda: core.create_namespaced_config_map(namespace, config_map("by-python", {"a": "b"})))
attempt("create again", lambda: core.create_namespaced_config_map(namespace, config_map("by-python", {"a": "b"})))
attempt("create, invalid", lambda: core.create_namespaced_config_map(namespace, config_map("Not A Name", {})))
attempt("create, dry", lambda: core.create_namespaced_config_map(namespace, config_map("dry", {}), dry_run="All"))
attempt("patch", lambda: core.patch_namespaced_config_map("by-python", namespace, {"data": {"c": "d"}}))
attempt("replace", lambda: core.replace_namespaced_config_map("by-python", namespace, config_map("by-python", {"e": "f"})))
attempt("scale", lambda: apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}}).spec)
attempt("delete", lambda: core.delete_namespaced_config_map("by-python", namespace).status)
attempt("delete again", lambda: core.delete_namespaced_config_map("by-python", namespace))
attempt("log", lambda: core.read_namespaced_pod_log("lone", namespace))
attempt("log of none", lambda: core.read_namespaced_pod_log("none", namespace))
attempt(
    "exec",
    lambda: stream(
        core.connect_get_namespaced_pod_exec,
        "lone",
        namespace,
        command=["echo", "hello"],
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
    ),
)
events = watch.Watch().stream(core.list_namespaced_config_map, namespace, timeout_seconds=3)
say("watch", sorted(event["type"] + " " + event["object"].metadata.name for event in events))
attempt(
    "may I",
    lambda: client.AuthorizationV1Api()
    .create_self_subject_access_review(
        {"spec": {"resourceAttributes": {"verb": "create", "resource": "pods", "namespace": namespace}}}
    )
    .status,
)
