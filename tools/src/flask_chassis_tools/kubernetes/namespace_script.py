"""Writes the shell script that creates what a namespace needs, and overwrites nothing."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping

from flask_chassis import settings

from flask_chassis_tools.kubernetes import overlays, prerequisites
from flask_chassis_tools.kubernetes.kubectl import Object
from flask_chassis_tools.kubernetes.prerequisites import PULL_KEY, Certificate, Needed

HEAD = """\
# Creates what {service} needs in the namespace {namespace}. What is there stays as it is: run it
# twice, or for the next service. It reads the files named below, which must never be in git, and
# values from variables:
#
#     read -rs PASSWORD && export PASSWORD     # in no history of a shell
namespace={namespace}
failed=
"""

CONTEXT = """\
kubectl() {{ command kubectl --context={context} "$@"; }}
"""

# A value is not an argument of a program, because all users of a machine can list them. Each key
# is applied by a field manager of its own: other keys stay.
ADD = """\
add() { # kind, name, key, and the variable with its value
    keys=$(kubectl get "$1" "$2" --namespace="$namespace" --ignore-not-found \\
        --output=go-template='{{range $key, $value := .data}}{{println $key}}{{end}}') ||
        { failed=yes && return; }
    if printf '%s\\n' "$keys" | grep -qxF -e "$3"; then return; fi
    eval "value=\\${$4-}"
    if [ -z "$value" ]; then
        echo "The $1 $2 lacks the key $3: set the variable $4." >&2
        failed=yes && return
    fi
    if [ "$1" = secret ]; then generic=generic; else generic=; fi
    printf %s "$value" |
        kubectl create "$1" ${generic:+generic} "$2" --namespace="$namespace" \\
            --from-file="$3"=/dev/stdin --dry-run=client --output=yaml |
        kubectl apply --server-side --field-manager="add-$3" --filename=- || failed=yes
}
"""

LABEL = """\
level=$(kubectl get namespace "$namespace" \\
    --output=jsonpath='{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}')
if [ -z "$level" ]; then
    kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted || failed=yes
elif [ "$level" != restricted ]; then
    echo "The namespace $namespace keeps its pod security level, $level." >&2
fi
"""

LOGIN = """\
# The login to the registry {registry}, as `docker --config {name} login {registry}` writes it.
"""

CERTIFICATE = """\
# The certificate of {hosts}, if its files are here. Without this Secret, the Ingress
# controller serves its default certificate. cert-manager creates the Secret if the overlay adds the
# annotation {annotation} to the Ingress {ingress}.
if [ -f {name}.crt ]; then
    kubectl get secret {name} --namespace="$namespace" >/dev/null 2>&1 ||
        kubectl create secret tls {name} --cert={name}.crt --key={name}.key \\
            --namespace="$namespace" || failed=yes
fi
"""


def write(
    objects: list[Object],
    namespace: str,
    declared: Callable[[str], Mapping[str, object]],
    context: str = "",
) -> str:
    """Return the script, for a context of the kubeconfig or the current one.

    `declared` returns the settings of an environment. The files of a mounted folder are taken from
    the folder of a developer's environment.
    """
    needed = prerequisites.of(objects)
    lines = [HEAD.format(service=overlays.name(), namespace=namespace)]
    if context:
        lines.append(CONTEXT.format(context=shlex.quote(context)))
    if any(_is_value(each) for each in needed):
        lines.append(ADD)
    lines += [
        _unless_there("namespace", '"$namespace"', 'namespace "$namespace"', where=""),
        LABEL,
    ]
    folders = _local_folders(objects, declared)
    for each in needed:
        lines += _lines(each, folders, objects)
    lines += map(_of_certificate, prerequisites.certificates(objects))
    return "".join([*lines, 'test -z "$failed"'])


def _is_value(needed: Needed) -> bool:
    """Return whether it is a key with one value, that is neither a folder nor a login."""
    return needed.key not in ("", PULL_KEY)


def _lines(needed: Needed, folders: Mapping[str, str], objects: list[Object]) -> Iterator[str]:
    kind, name = needed.kind.lower(), needed.name
    if _is_value(needed):
        yield f"add {kind} {name} {needed.key} {variable(needed)}\n"
        return
    if needed.key == PULL_KEY:
        registry = _registry(objects)
        yield LOGIN.format(registry=registry, name=name)
        what = f"secret docker-registry {name} --from-file={PULL_KEY}={name}/config.json"
    else:
        generic = "secret generic" if kind == "secret" else kind
        what = f"{generic} {name} --from-file={folders.get(name, name)}/"
    yield _unless_there(kind, name, what)


def _of_certificate(certificate: Certificate) -> str:
    return CERTIFICATE.format(
        hosts=", ".join(certificate.hosts) or "the default host",
        annotation=prerequisites.CERT_MANAGER[0],
        ingress=certificate.ingress,
        name=certificate.name,
    )


def _unless_there(kind: str, name: str, what: str, where: str = ' --namespace="$namespace"') -> str:
    return (
        f"kubectl get {kind} {name}{where} >/dev/null 2>&1 ||\n"
        f"    kubectl create {what} \\\n       {where} || failed=yes\n"
        if where
        else f"kubectl get {kind} {name} >/dev/null 2>&1 || kubectl create {what} || failed=yes\n"
    )


def _registry(objects: list[Object]) -> str:
    """Return the registry of the service's image."""
    deployment = overlays.one(objects, "Deployment", overlays.name())
    image: str = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    return image.partition("/")[0]


def _local_folders(
    objects: list[Object], declared: Callable[[str], Mapping[str, object]]
) -> dict[str, str]:
    """Return the developer's local folder for each mounted Secret."""
    found = {}
    here = declared(settings.DEFAULT_ENVIRONMENT)
    there = declared(prerequisites.environment(objects))
    settings_of = {value: key for key, value in there.items() if isinstance(value, str)}
    for pod in prerequisites.pods(objects):
        secrets = {
            volume["name"]: volume["secret"]["secretName"]
            for volume in pod.get("volumes", [])
            if "secret" in volume
        }
        for container in prerequisites.containers(pod):
            for mount in container.get("volumeMounts", []):
                key = settings_of.get(mount["mountPath"])
                if key and mount["name"] in secrets:
                    found[secrets[mount["name"]]] = str(here[key])
    return found


def variable(needed: Needed) -> str:
    """Return the name of the shell variable with a value, as `DATABASE_PASSWORD`.

    For a key of one word, or of an object that is not the service's or shared, it begins with the
    name of the object: a shell has a variable USER, and two Secrets may have the same keys.
    """
    is_usual = needed.name in (overlays.name(), prerequisites.own_secret())
    is_usual = is_usual or needed.name.endswith("-shared")
    is_word = needed.key.isalnum()
    text = needed.key if is_usual and not is_word else f"{needed.name}_{needed.key}"
    return re.sub("[^A-Z0-9]", "_", text.upper())
