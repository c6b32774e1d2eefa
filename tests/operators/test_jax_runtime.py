import os
import subprocess
import sys
from pathlib import Path

import pytest

from operators import jax_runtime
from operators.jax_runtime import MissingJaxError, cache_folder, prepare_jax
from tests.time_limits import program_s


@pytest.mark.parametrize(
    ("home", "folder"),
    [("/var/cache/me", "/var/cache/me"), ("", "HOME/.cache"), ("not/absolute", "HOME/.cache")],
)
def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, home: str, folder: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    expected = Path(folder.replace("HOME", str(Path.home())))
    assert cache_folder() == expected / "panodora/jax"


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax_runtime, "find_spec", lambda name: None)
    with pytest.raises(MissingJaxError, match=r"needs the package jax: pip install.*capture"):
        prepare_jax.__wrapped__()


def test_jax_computes_on_the_cpu_in_one_thread_and_keeps_what_it_compiled(tmp_path: Path) -> None:
    pytest.importorskip("jax", reason="needs the extra capture")
    program = (
        "from operators.jax_runtime import prepare_jax; prepare_jax()\n"
        "import jax, os\n"
        "jax.jit(lambda x: jax.numpy.linalg.eigh(x @ x.T))(jax.numpy.ones((3, 3)))\n"
        "pools = [t.read_text().strip() for t in __import__('pathlib').Path('/proc/self/task')"
        ".glob('*/comm')]\n"
        "print(jax.devices()[0].platform, pools.count('tf_XLAEigen'))\n"
    )
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JAX_", "PJRT_", "XLA_"))
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment
        | {"XDG_CACHE_HOME": str(tmp_path), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"},
        capture_output=True,
        text=True,
        timeout=program_s(),
        check=True,
    )
    assert done.stdout.split() == ["cpu", "1"]
    assert done.stderr == ""
    assert list((tmp_path / "panodora/jax").iterdir())
