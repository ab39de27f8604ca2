"""The image: what hadolint says of its file, and a scan in it where Docker runs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINES = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
STEPS = [
    tuple(line.split(maxsplit=1)) for line in LINES if line.strip() and not line.startswith("#")
]


def stages() -> list[list[tuple[str, str]]]:
    starts = [place for place, (name, _) in enumerate(STEPS) if name == "FROM"]
    return [STEPS[start:stop] for start, stop in zip(starts, [*starts[1:], None])]


def values(stage, name):
    return [value for step, value in stage if step == name]


def test_it_is_built_in_one_stage_and_run_in_another():
    build, final = stages()
    assert any("pip install" in value for value in values(build, "RUN"))
    assert not any("pip" in value for value in values(final, "RUN"))
    assert values(final, "COPY") == ["--from=build /opt/hcr /opt/hcr"]


def test_bases_are_slim_and_have_a_version():
    for stage in stages():
        base = values(stage, "FROM")[0].split()[0]
        assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)


def test_the_program_runs_as_a_user_without_rights():
    *_, final = stages()
    (user,) = values(final, "USER")
    assert user not in ("root", "0")
    names = [name for name, _ in final]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_the_program_gets_signals_and_arguments_itself():
    *_, final = stages()
    (entry,) = values(final, "ENTRYPOINT")
    assert entry == '["hcr-batch"]'


def test_hadolint_has_nothing_to_say():
    here = Path(sys.executable).parent
    hadolint = shutil.which("hadolint", path=here) or shutil.which("hadolint")
    if not hadolint:
        pytest.skip("hadolint is not installed")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_there_and_sent_to_the_builder():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sent = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        source
        for value in values(stages()[0], "COPY")
        for source in value.split()[:-1]
    }
    assert copied == sent
    assert all((ROOT / source).exists() for source in copied)


@pytest.fixture(scope="module")
def image():
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "info"], capture_output=True).returncode:
        pytest.skip("no Docker runs here")
    for base in {values(stage, "FROM")[0].split()[0] for stage in stages()}:
        there = (docker, "image", "inspect", base), (docker, "pull", "-q", base)
        if all(subprocess.run(command, capture_output=True).returncode for command in there):
            pytest.skip(f"Docker cannot reach {base}")
    built = subprocess.run(
        [docker, "build", "-q", "-t", "hcr-batch:test", str(ROOT)], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return docker


def test_a_form_is_scanned_in_the_image(image, tmp_path):
    shutil.copy(ROOT / "samples" / "forms" / "payment-slip.png", tmp_path)
    tmp_path.chmod(0o777)
    done = subprocess.run(
        [image, "run", "--rm", "-v", f"{tmp_path}:/data", "hcr-batch:test", "scan", "."],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results.csv").stat().st_uid == 1000
