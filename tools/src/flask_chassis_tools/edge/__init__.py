"""The edge: one nginx in front of the services of a machine, as an Ingress is in a cluster.

Its configuration is generated from the manifests of the services, so that a route, a limit or a
time-out is declared once, in `infra/kubernetes/base/ingress.yaml`, and holds in both.
"""
