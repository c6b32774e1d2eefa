#!/usr/bin/env bash
# Sets up what the project needs: scripts/setup.sh [core|overlay|dev|bench]
#   core     what `make teleop` needs
#   overlay  and what `make overlay` needs: pinocchio and readers of meshes and HDF5
#   dev      and what the tests need: pytest, mypy, ruff, MediaPipe, rtmlib, Vuer, Chromium, the
#            test's npm packages, and a Python 3.8 for Isaac Gym's worker, where one can be had
#   bench    and what the benchmarks compare with: dex-retargeting, py360convert, a CPU build of
#            torch; and that Python
# System packages that are missing are installed when run as root; otherwise the command is shown.
set -euo pipefail
cd "$(dirname "$0")/.."
level=${1:-core}

fail() {
  printf '\n%s\n' "$*" >&2
  exit 1
}

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -q '^installed$'; }

find_python() {
  local candidate
  for candidate in python3.12 python3.11 python3; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
      >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
}

# The Python of Isaac Gym, of which the tests have a double; without one they take their own.
set_up_isaac_gym_python() {
  local candidate
  for candidate in python3.8 "$HOME"/.pyenv/versions/3.8.*/bin/python; do
    if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 8))' \
      >/dev/null 2>&1; then
      "$candidate" -m venv .venv/isaacgym && break
    fi
  done
  if [ ! -d .venv/isaacgym ]; then
    .venv/bin/uv venv --quiet --seed --python 3.8 .venv/isaacgym >/dev/null 2>&1 || return 0
  fi
  .venv/isaacgym/bin/python -m pip install --quiet --disable-pip-version-check numpy ||
    rm -rf .venv/isaacgym
}

# An OpenGL driver without a screen, and what opens it.
packages=(libegl1 libgl1 libgles2 libopengl0 libegl-mesa0 libgl1-mesa-dri)
missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
  done
else
  echo "This is not Debian or Ubuntu: make sure that EGL with OpenGL 3.3 is installed (Mesa)." >&2
fi

python=$(find_python)
if [ -z "$python" ]; then
  # A python3 that is there is too old or too new, and the distribution has no other.
  command -v python3 >/dev/null || missing+=(python3 python3-venv)
elif ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
  missing+=("$(basename "$(readlink -f "$python")")-venv")
fi

if [ "$level" = dev ]; then
  if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null &&
    ! command -v google-chrome >/dev/null; then
    missing+=(chromium)
  fi
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
fi

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing system packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    fail "System packages are missing. Install them, then call make again:

  sudo apt-get update && sudo apt-get install -y ${missing[*]}"
  fi
  python=$(find_python)
fi
[ -n "$python" ] || fail "Python 3.11 or 3.12 is needed, and none was found.
Debian 12 and Ubuntu 24.04 have one as python3; elsewhere install one of them, then call make again."

# Packages are installed again only when pyproject.toml or the interpreter changes.
wanted="$("$python" --version) $(sha256sum pyproject.toml | cut -d' ' -f1)"
is_set_up() { [ "$(cat ".venv/.set-up-$1" 2>/dev/null)" = "$wanted" ]; }
stamp=".venv/.set-up-$level"
# dev and bench hold what overlay has, and that what core has.
is_there() {
  is_set_up "$level" || case "$level" in
    core) is_set_up overlay || is_set_up dev || is_set_up bench ;;
    overlay) is_set_up dev || is_set_up bench ;;
    *) false ;;
  esac
}
if ! is_there; then
  echo "Setting up .venv with $("$python" --version): a minute or two at the first time."
  if [ "$(.venv/bin/python --version 2>/dev/null)" != "$("$python" --version)" ] ||
    ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --clear .venv
  fi
  pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check)
  case "$level" in
    core) "${pip[@]}" --editable . ;;
    overlay) "${pip[@]}" --editable '.[overlay]' ;;
    dev) "${pip[@]}" --editable '.[dev,video,rtmlib,vuer]' ;;
    bench)
      # The CPU is all that is measured; where pip can choose, give it a build without CUDA.
      "${pip[@]}" torch==2.13.0
      "${pip[@]}" --editable '.[dev,reference,video,rtmlib,vuer]'
      ;;
    *) fail "usage: scripts/setup.sh [core|overlay|dev|bench]" ;;
  esac
  if [ "$level" = dev ] || [ "$level" = bench ]; then
    # MediaPipe and rtmlib bring OpenCV's builds with windows, which need a desktop's libraries and
    # lie in the same folder: the one without windows goes on top.
    "${pip[@]}" --force-reinstall --no-deps "$(.venv/bin/python -m pip freeze |
      grep '^opencv-python-headless==')"
  fi
  echo "$wanted" >"$stamp"
fi

if { [ "$level" = dev ] || [ "$level" = bench ]; } && [ ! -d .venv/isaacgym ]; then
  set_up_isaac_gym_python
fi

if [ "$level" = dev ]; then
  lock=tests/e2e/package-lock.json
  if [ -f "$lock" ] && ! cmp -s "$lock" tests/e2e/node_modules/.set-up; then
    (cd tests/e2e && npm ci --silent --no-audit --no-fund)
    cp "$lock" tests/e2e/node_modules/.set-up
  fi
fi
