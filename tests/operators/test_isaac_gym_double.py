"""The double refuses what the product would not have, so that a passing worker means something."""

import ast
import subprocess
from functools import cache
from pathlib import Path

import pytest

from operators.settings import ROOT
from tests.isaacgym_double.environment import make_python, stub_path
from tests.time_limits import program_s

PREPARE = """
from isaacgym import gymapi, gymtorch
import numpy as np, torch
gym = gymapi.acquire_gym()
parameters = gymapi.SimParams()
parameters.dt, parameters.substeps, parameters.physx.use_gpu = 1 / 60, 2, True
sim = gym.create_sim(0, 0, gymapi.SIM_PHYSX, parameters)
env = gym.create_env(sim, gymapi.Vec3(-1, -1, 0), gymapi.Vec3(1, 1, 1), 1)
"""

REFUSED = {
    "a method that there is not": ("gym.create_cube(sim, 1.0)", "AttributeError"),
    "an argument too few": ("gym.create_env(sim, gymapi.Vec3(), gymapi.Vec3())", "TypeError"),
    "an argument too many": ("gym.simulate(sim, True)", "TypeError"),
    "an argument of another type": ("gym.fetch_results(sim, 'wait')", "TypeError"),
    "arguments exchanged": (
        "gym.set_camera_transform(env, 0, gymapi.Transform())",
        "TypeError",
    ),
    "a float for an integer": ("gym.get_actor_dof_names(env, 0.0)", "TypeError"),
    "an attribute that there is not": ("gymapi.SimParams().gravitation = 1", "AttributeError"),
    "an attribute of another type": ("gymapi.SimParams().gravity = (0, 0, -9.81)", "TypeError"),
    "a constant that there is not": ("gymapi.UP_AXIS_X", "AttributeError"),
    "positions in double precision": (
        "gym.set_actor_dof_position_targets(env, 0, np.zeros(1))",
        "TypeError",
    ),
    "what the double does not know": ("gym.create_viewer(sim, gymapi.CameraProperties())", "NotIm"),
    "a tensor before the simulation is prepared": (
        "gym.acquire_rigid_body_state_tensor(sim)",
        "RuntimeError",
    ),
    "an array for a tensor": ("gymtorch.unwrap_tensor(np.zeros(3))", "TypeError"),
    "PyTorch's tensor for the product's": (
        "gym.set_actor_root_state_tensor(sim, torch.from_numpy(np.zeros(3)))",
        "TypeError",
    ),
    "states before they are fetched": (
        "gym.simulate(sim); gym.step_graphics(sim)",
        "RuntimeError",
    ),
    "drawing before the graphics are stepped": (
        "gym.simulate(sim); gym.fetch_results(sim, True); gym.render_all_camera_sensors(sim)",
        "RuntimeError",
    ),
}


def run(folder: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    program = make_python(folder, **variables)
    return subprocess.run(
        [program, "-c", code], capture_output=True, text=True, timeout=program_s()
    )


def test_it_does_not_refuse_what_is_right(tmp_path: Path) -> None:
    ended = run(tmp_path, PREPARE + "gym.prepare_sim(sim); gym.destroy_sim(sim)")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(("code", "kind"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses(tmp_path: Path, code: str, kind: str) -> None:
    ended = run(tmp_path, PREPARE + code)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith(kind), ended.stderr


def test_torch_must_come_after_it(tmp_path: Path) -> None:
    ended = run(tmp_path, "import torch; import isaacgym")
    assert "PyTorch was imported before isaacgym" in ended.stderr


@cache
def stubbed_methods() -> set[str]:
    text = stub_path().read_text().replace("def lambda(", "def lambda_(")
    (gym,) = [n for n in ast.parse(text).body if getattr(n, "name", "") == "Gym"]
    assert isinstance(gym, ast.ClassDef)
    names = {part.name for part in gym.body if isinstance(part, ast.FunctionDef)}
    return {name for name in names if not name.startswith("__")}


def test_it_has_all_methods_of_the_stub_and_knows_what_the_worker_calls(tmp_path: Path) -> None:
    code = (
        "from isaacgym import gymapi, simulation as s; print(*dir(gymapi.Gym)); print(*s.METHODS)"
    )
    has, knows = (set(line.split()) for line in run(tmp_path, code).stdout.splitlines())
    assert len(stubbed_methods()) > 250
    assert stubbed_methods() <= has
    assert knows <= stubbed_methods()
    called = {
        node.func.attr
        for node in ast.walk(ast.parse((ROOT / "workers/isaac_gym.py").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in stubbed_methods()
    }
    assert called <= knows


def test_the_stand_in_has_nothing_that_pytorch_has_not() -> None:
    torch = pytest.importorskip("torch", reason="needs the extra `reference`")
    stand_in = ast.parse((ROOT / "tests/isaacgym_double/stand_in/torch.py").read_text())
    for node in stand_in.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            real = getattr(torch, node.name)
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and not part.name.startswith("__"):
                    assert hasattr(real, part.name), f"{node.name}.{part.name}"
