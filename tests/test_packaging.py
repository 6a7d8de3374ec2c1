"""The wheel builds, carries what it needs, and works where only it is installed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from smalti.version import __version__
from tests.support import REPOSITORY, process_environment


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command to its success and return what it printed."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=process_environment({"PYTHONPATH": None, "PYTHONWARNINGS": None}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of this checkout, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    run(*build, "--outdir", folder, REPOSITORY, cwd=folder)
    (path,) = folder.glob("smalti-*.whl")
    return path


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the ``bin`` of an environment in which smalti is the wheel and nothing else.

    The other packages come from the environment that runs the tests: nothing is downloaded. Its
    own ``.pth`` files, and with them an editable smalti, are not read.
    """
    environment = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=environment)
    binaries = environment / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", binaries / "python", "install", "--quiet"]
    run(*pip, "--no-deps", "--no-index", wheel, cwd=environment)
    (packages,) = {path.parent for path in environment.rglob("smalti-*.dist-info")}
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return binaries


def test_the_wheel_carries_every_file_of_the_package(wheel: Path) -> None:
    package = REPOSITORY / "src" / "smalti"
    expected = {
        f"smalti/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    carried = set(zipfile.ZipFile(wheel).namelist())
    assert {"smalti/py.typed", "smalti/cli/main.py"} <= expected
    assert expected <= carried
    extra = [name for name in carried - expected if ".dist-info/" not in name]
    assert not extra
    assert any(name.endswith("/licenses/LICENSE") for name in carried)


def test_an_installed_smalti_trains_evaluates_predicts_and_reports(
    clean: Path, tmp_path: Path
) -> None:
    where = "import smalti; print(smalti.__file__, smalti.__version__)"
    file, version = run(clean / "python", "-c", where, cwd=tmp_path).split()
    assert Path(file).is_relative_to(clean.parent)
    assert version == __version__

    smalti = clean / "smalti"
    assert "train" in run(smalti, "--help", cwd=tmp_path)
    run(smalti, "train", "digits", "--recipe", "dense", "--epochs", "1", cwd=tmp_path)
    (folder,) = (tmp_path / "runs").iterdir()
    assert "%" in run(smalti, "evaluate", folder, cwd=tmp_path)
    assert "digits" in run(smalti, "runs", cwd=tmp_path)
    run(smalti, "predict", folder, "--data", "digits", "--index", "0", cwd=tmp_path)
    run(smalti, "report", folder, cwd=tmp_path)
    assert (folder / "report.html").stat().st_size > 10_000
