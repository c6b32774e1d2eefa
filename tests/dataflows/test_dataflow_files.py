"""Every dataflow validates, every port is typed, and what is generated is up to date."""

import ast
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from nodes.runtime import declared_input
from operators.settings import ROOT
from panodora.generate import generated_files

DATAFLOWS = sorted((ROOT / "dataflows").glob("*.yml"))
MODULES = sorted((ROOT / "dataflows/modules").glob("*.yml"))
PICTURES = {"panorama", "faces", "camera_frame", "overlay", "silhouette", "depth", "cloud"}
NODES = sorted(p for p in (ROOT / "nodes").glob("*.py") if p.stem not in ("__init__", "runtime"))


def nodes_of(path: Path) -> list[dict[str, Any]]:
    return [n for n in yaml.safe_load(path.read_text())["nodes"] if "path" in n]


@pytest.mark.parametrize("path", DATAFLOWS, ids=lambda p: p.name)
def test_a_dataflow_validates_strictly(path: Path) -> None:
    ended = subprocess.run(
        ["dora", "validate", "--strict-types", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "All type annotations OK" in ended.stdout


@pytest.mark.parametrize("path", [*DATAFLOWS, *MODULES], ids=lambda p: p.name)
def test_every_port_is_typed(path: Path) -> None:
    # `dora validate` alone lets untyped ports pass, strict or not.
    for node in nodes_of(path):
        for ports, types in (("inputs", "input_types"), ("outputs", "output_types")):
            assert set(node.get(ports, ())) == set(node.get(types, ())), f"{node['id']}: {types}"


@pytest.mark.parametrize("path", [*DATAFLOWS, *MODULES], ids=lambda p: p.name)
def test_senders_of_pictures_have_a_pool_that_holds_them(path: Path) -> None:
    for node in nodes_of(path):
        if PICTURES & set(node.get("outputs", ())):
            assert node["shared_memory_pool_size"] == "128MB"


@pytest.mark.parametrize("path", [*DATAFLOWS, *MODULES], ids=lambda p: p.name)
def test_pictures_never_queue(path: Path) -> None:
    for node in nodes_of(path):
        for name, source in node.get("inputs", {}).items():
            if name in PICTURES:
                assert source["queue_size"] == 1
                assert source.get("queue_policy", "drop_oldest") == "drop_oldest"


RESTARTS = {
    "restart_policy": "on-failure",
    "max_restarts": 3,
    "restart_window": 120,
    "restart_delay": 0.02,
    "startup_timeout": 30,
}


FOOTAGE = ("capture_angles.yml", "capture_angles_rerun.yml")
"""Whose nodes would not know what is on its way; of the view nobody takes messages."""


@pytest.mark.parametrize("path", [*DATAFLOWS, *MODULES], ids=lambda p: p.name)
def test_every_node_comes_back_and_not_for_ever(path: Path) -> None:
    for node in nodes_of(path):
        if path.name in FOOTAGE and node["id"] != "view_angles":
            assert node["restart_policy"] == "never"
        else:
            assert {key: node.get(key) for key in RESTARTS} == RESTARTS, node["id"]


def test_what_is_shown_is_what_is_written() -> None:
    plain, shown = (nodes_of(ROOT / "dataflows" / name) for name in FOOTAGE)
    assert [node for node in shown if node["id"] != "view_angles"] == plain


@pytest.mark.parametrize("path", DATAFLOWS, ids=lambda p: p.name)
def test_a_dataflow_reads_the_settings_of_its_own_name(path: Path) -> None:
    default = yaml.safe_load(path.read_text())["env"]["PANODORA_CONFIG"]
    assert default == f"${{PANODORA_CONFIG:-configs/{path.stem}.yml}}"
    assert (ROOT / "configs" / path.name).is_file()


@pytest.mark.parametrize("path", NODES, ids=lambda p: p.stem)
def test_a_node_declares_the_inputs_that_dataflows_give_it(path: Path) -> None:
    calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    (made,) = [c for c in calls if getattr(c.func, "id", "") == "DataflowNode"]
    declared = next(k.value for k in made.keywords if k.arg == "inputs")
    assert isinstance(declared, ast.Dict)
    known = {key.value: value for key, value in zip(declared.keys, declared.values, strict=True)}  # type: ignore[union-attr]
    users = [
        node
        for file in (*DATAFLOWS, *MODULES)
        for node in nodes_of(file)
        if Path(node["path"]).stem == path.stem
    ]
    assert users, f"no dataflow uses {path.name}"
    for node in users:
        for name, urn in node.get("input_types", {}).items():
            as_declared = declared_input(name, known)
            assert as_declared is not None, f"{node['id']}: {name}"
            value = known[as_declared]
            expected = urn.rsplit("/", 1)[1] if isinstance(value, ast.Name) else "UInt64"
            assert urn.endswith(expected)
            assert not isinstance(value, ast.Name) or value.id == expected


@pytest.mark.parametrize("path", list(generated_files()), ids=lambda p: p.name)
def test_what_is_generated_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generated_files()[path], "run `panodora generate`"


@pytest.mark.parametrize("path", sorted((ROOT / "operators").glob("*.py")), ids=lambda p: p.stem)
def test_operators_are_free_of_dora(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not imported & {"dora", "nodes", "panodora"}
