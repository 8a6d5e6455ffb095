"""Clusters over TLS on this machine, and what is refused without it."""

import json
import subprocess

import dask
import pytest
from distributed import LocalCluster
from distributed.security import Security

from ecgbench.errors import InputError
from ecgbench.pipeline.cluster.addresses import CERTIFICATES, open_cluster
from tests.pipeline.cluster.clusters import fill, run_on, wanted


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Folders of two authorities, made by the commands that the error tells."""
    folders = [tmp_path_factory.mktemp(name) for name in ("ours", "others")]
    for folder in folders:
        for command in CERTIFICATES:
            subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True)
    return folders


def trusting(folder):
    """Dask's settings of a client."""
    of = {"ca-file": "ca.pem", "client.cert": "cert.pem", "client.key": "key.pem"}
    return dask.config.set({f"distributed.comm.tls.{name}": str(folder / file) for name, file in of.items()})


@pytest.fixture(scope="module")
def secured(certificates):
    """The address of a scheduler that asks for certificates, with a worker."""
    ours = certificates[0]
    pairs = {f"tls_{role}_{what}": str(ours / f"{what}.pem") for role in ("scheduler", "worker", "client") for what in ("cert", "key")}
    security = Security(tls_ca_file=str(ours / "ca.pem"), require_encryption=True, **pairs)
    settled = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
    with LocalCluster(n_workers=1, processes=True, protocol="tls://", security=security, **settled) as cluster:
        yield cluster.scheduler_address


@pytest.mark.slow
def test_a_run_is_computed_over_tls(certificates, secured, tmp_path):
    cells = wanted(sources=("saliency",), metrics=("auc",))
    run = run_on(tmp_path, cells)
    with trusting(certificates[0]), open_cluster(secured, run.options.store.root) as client:
        assert [at.failures for at in fill(run, client)][-1] == []
    assert all(run.scores(one).cached for one in cells)


def test_certificates_of_another_authority_are_refused(certificates, secured, tmp_path, monkeypatch):
    monkeypatch.setattr("ecgbench.pipeline.cluster.addresses.SECONDS_TO_CONNECT", 2)
    with (
        trusting(certificates[1]),
        pytest.raises(InputError, match=r"expected a scheduler at tls://.*same authority"),
        open_cluster(secured, tmp_path),
    ):
        pass


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:8786", "tcp://node7:8786"])
def test_a_scheduler_elsewhere_is_refused_without_tls_with_the_commands_that_make_certificates(address, tmp_path):
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": address}))
    for named in (address, str(file)):
        with pytest.raises(InputError, match="could run programs here") as refused, open_cluster(named, tmp_path):
            pass
        assert all(command in str(refused.value) for command in CERTIFICATES)


def test_tls_without_certificates_names_the_settings_that_are_missing(tmp_path):
    with pytest.raises(InputError, match=r"got none for ca-file, client\.cert, client\.key"), open_cluster("tls://node7:8786", tmp_path):
        pass
