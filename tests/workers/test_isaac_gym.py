"""The worker's file itself: what an old Python makes of it."""

import ast
import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from operators.isaac_gym_scene import describe_scene
from operators.scene import build_scene
from operators.settings import ROOT
from tests.isaacgym_double.environment import make_python
from tests.operators.doubled_isaac_gym import doubled
from tests.time_limits import program_s

WORKER = ROOT / "workers/isaac_gym.py"
GIVEN = {"numpy", "torch", "isaacgym"}


def test_python_3_7_can_read_it() -> None:
    ast.parse(WORKER.read_text(), feature_version=(3, 7))


def test_it_imports_nothing_but_what_isaac_gym_brings() -> None:
    imported = set()
    for node in ast.walk(ast.parse(WORKER.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - set(sys.stdlib_module_names) == GIVEN


def test_nothing_of_ours_imports_isaac_gym_but_the_worker() -> None:
    for folder in ("operators", "nodes", "panodora"):
        for path in (ROOT / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
                assert not any(name.split(".")[0] == "isaacgym" for name in names), path


def test_the_core_install_does_not_bring_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not any("isaac" in needed.lower() for needed in project["dependencies"])


BUILD = """
import json, mmap, sys
sys.path.append("workers")
import isaac_gym
description = json.load(open(sys.argv[1]))
product = isaac_gym.Product(0)
world = isaac_gym.World(product, description, mmap.mmap(-1, 6 * 4 * description["face_size"] ** 2))
world.start()
it, x = product.gymapi.acquire_gym().simulation, product.gymapi
p = it.params
print(json.dumps({
    "dt": p.dt, "substeps": p.substeps, "gravity": [p.gravity.x, p.gravity.y, p.gravity.z],
    "z is up": int(p.up_axis) == int(x.UP_AXIS_Z), "gpu": p.physx.use_gpu,
    "actors": [
        {
            "group": a.group, "own": a.own_links, "fixed": a.asset.options.fix_base_link,
            "capsules": a.asset.options.replace_cylinder_with_capsule,
            "modes": [] if a.drives is None else a.drives["driveMode"].tolist(),
            "stiffness": [] if a.drives is None else
                dict(zip(a.asset.dofs, a.drives["stiffness"].tolist())),
        }
        for a in it.actors
    ],
    "cameras": [[c.width, c.height, c.horizontal_fov, c.near_plane] for c, _ in it.cameras],
    "places": it.places,
}))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the worker has built of the usual scene and one thing that touches nothing."""
    folder = tmp_path_factory.mktemp("built")
    settings = doubled(folder, panorama={"face_size": 720})
    post = settings.scene.objects[0].model_copy(update={"name": "post", "collides": False})
    scene = settings.scene.model_copy(update={"objects": (*settings.scene.objects, post)})
    settings = settings.model_copy(update={"scene": scene})
    description = folder / "description.json"
    description.write_text(json.dumps(describe_scene(build_scene(settings), settings, folder)))
    ended = subprocess.run(
        [make_python(folder), "-c", BUILD, description],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=program_s(),
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def test_it_simulates_as_the_seed_does(built: dict[str, Any]) -> None:
    assert built["dt"] == pytest.approx(1 / 60)
    assert built["substeps"] == 2
    assert built["gravity"] == [0.0, 0.0, -9.81]
    assert built["z is up"]
    assert built["gpu"]


def test_all_that_can_touch_is_in_one_group(built: dict[str, Any]) -> None:
    table, cube, post, left, right = built["actors"]
    assert len({table["group"], cube["group"], left["group"], right["group"]}) == 1
    assert post["group"] not in (-1, table["group"])
    # Shapes whose filters share a bit pass through each other.
    assert table["own"] == cube["own"] == 0
    assert left["own"] != 0 != right["own"]
    assert left["own"] & right["own"] == 0


def test_only_loose_objects_can_fall(built: dict[str, Any]) -> None:
    assert [actor["fixed"] for actor in built["actors"]] == [True, False, True, True, True]
    assert all(actor["capsules"] for actor in built["actors"])


def test_every_joint_has_a_drive_to_a_position(built: dict[str, Any]) -> None:
    for hand in built["actors"][-2:]:
        assert hand["modes"] == [1] * 12  # DOF_MODE_POS
        stiffness = hand["stiffness"]
        proximal, tip = (
            next(k for name, k in stiffness.items() if part in name)
            for part in ("index_proximal", "index_intermediate")
        )
        assert proximal > tip > 0  # the longer lever, the stiffer, by name


def test_six_cameras_of_90_degrees_are_at_the_anchor(built: dict[str, Any]) -> None:
    assert built["cameras"] == [[720, 720, 90.0, 0.02]] * 6
    for place in built["places"]:
        assert place == pytest.approx((-0.6, 0.0, 1.6))
