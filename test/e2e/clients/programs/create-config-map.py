"""A user's program on the Python client: creates the ConfigMap NAME in NAMESPACE.

Prints what was done; or what was raised, and exits with 1. It knows nothing of Holdpoint.
"""

import json
import sys

from kubernetes import client, config

namespace, name = sys.argv[1:]
config.load_kube_config()
try:
    client.CoreV1Api().create_namespaced_config_map(namespace, {"metadata": {"name": name}})
    print(f"created {name}")
except client.ApiException as error:
    status = json.loads(error.body)
    print(f"{type(error).__name__} {error.status} {status['reason']}: {status['message']}", file=sys.stderr)
    for cause in status.get("details", {}).get("causes", []):
        print(f"{cause['field']}: {cause['message']}", file=sys.stderr)
    sys.exit(1)
