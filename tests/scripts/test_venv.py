"""The script that makes the virtual environment, where something that it needs is missing."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

STAND_IN = """#!/bin/sh
case "$2" in
    *old*) {age} ;;
    *ensurepip*) exit {ensurepip} ;;
    *version_info*) echo {number} ;;
    *) echo "$0 $*" ; exit 0 ;;
esac
"""


@pytest.fixture
def prepare(tmp_path: Path, project: Path):
    """Runs the script in an empty project whose only interpreters are the given stand-ins."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(project / "scripts" / "venv.sh", tmp_path / "scripts")
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml"):
        (tmp_path / name).write_text("")
    for tool in ("sh", "cat", "cksum", "dirname", "rm"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))

    def run(**interpreters: tuple[str, str, int]) -> subprocess.CompletedProcess:
        for name, (age, number, ensurepip) in interpreters.items():
            path = tmp_path / "bin" / name.replace("_", ".")
            path.write_text(STAND_IN.format(age=age, number=number, ensurepip=ensurepip))
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        words = [str(tmp_path / "scripts" / "venv.sh")]
        return subprocess.run(words, env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True, timeout=60)

    return run


def test_no_python(prepare):
    done = prepare()
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "No Python was found; please install Python 3.11, 3.12 or 3.13.\n"


@pytest.mark.parametrize(("age", "number"), [("old", "3.8"), ("old", "3.10"), ("new", "3.14")])
def test_a_python_that_does_not_fit(prepare, age, number):
    done = prepare(python3=(f"echo {age}", number, 0))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Python {number} is too {age} for the explorer; please install Python 3.11, 3.12 or 3.13.\n"


def test_a_python_without_venv(prepare):
    done = prepare(python3=("echo fits", "3.12", 1))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Python 3.12 lacks its venv module; on Debian or Ubuntu, install it with: apt install python3.12-venv\n"
    )


def test_another_python_steps_in(prepare, tmp_path):
    done = prepare(
        python3=("echo old", "3.9", 0), python3_11=("exit 1", "", 0), python3_12=("echo fits", "3.12", 1),
        python3_13=("echo fits", "3.13", 0),
    )
    assert done.stdout.splitlines()[0] == f"{tmp_path}/bin/python3.13 -m venv --clear .venv"


def test_an_up_to_date_environment_is_left_alone(prepare, tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    words = "cat requirements*.txt pyproject.toml | cksum; pwd"
    stamp = subprocess.run(["sh", "-c", words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    (tmp_path / ".venv" / ".installed-app").write_text(stamp)
    done = prepare()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
