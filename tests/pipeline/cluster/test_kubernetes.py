"""The example for the Dask operator is one that it takes, over TLS and with one thread a worker."""

from itertools import pairwise
from pathlib import Path

import yaml

EXAMPLE = Path(__file__).parents[3] / "docs/examples/kubernetes.yaml"


def options(spec):
    """The options of the only container's command."""
    (container,) = spec["containers"]
    arguments = container["args"]
    return {name: value for name, value in pairwise(arguments) if name.startswith("--")}, container


def test_the_example_is_a_cluster_over_tls_whose_workers_have_one_thread():
    cluster = yaml.safe_load(EXAMPLE.read_text())
    assert (cluster["apiVersion"], cluster["kind"]) == ("kubernetes.dask.org/v1", "DaskCluster")
    roles = {name: options(cluster["spec"][name]["spec"]) for name in ("worker", "scheduler")}
    for name, (given, container) in roles.items():
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in cluster["spec"][name]["spec"]["volumes"]}
        assert [given[f"--tls-{what}"] for what in ("ca-file", "cert", "key")] == ["/tls/ca.pem", "/tls/cert.pem", "/tls/key.pem"]
    assert roles["worker"][0]["--nthreads"] == "1"
    assert roles["scheduler"][0]["--protocol"] == "tls"
    environment = {variable["name"]: variable["value"] for variable in roles["worker"][1]["env"]}
    assert environment["DASK_SCHEDULER_ADDRESS"] == f"tls://{cluster['metadata']['name']}-scheduler:8786"
    ports = {port["name"]: port["port"] for port in cluster["spec"]["scheduler"]["service"]["ports"]}
    assert ports["tcp-comm"] == 8786
