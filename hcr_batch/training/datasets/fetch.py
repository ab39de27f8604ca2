"""Files from the network: continued where they broke off, verified, and whole or not there."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path

from hcr_batch import __version__
from hcr_batch.errors import NoInputError, OutputError, UsageError
from hcr_batch.training.datasets.catalog import Download, KnownSet

__all__ = ["FetchError", "download", "fetch_set", "kaggle_headers", "unpack", "verify"]

CHUNK = 1 << 20
TIMEOUT_S = 30.0
"""Seconds without a byte after which a connection is given up."""
TRIES = 3
"""Connections that may break before a download is given up; each goes on where it broke."""
KAGGLE_KEYS = ("KAGGLE_USERNAME", "KAGGLE_KEY")

Progress = Callable[[int, int | None], None]
"""Is told bytes had and bytes in all, None where that is not known."""


class FetchError(NoInputError):
    """A file cannot be had from the network."""


def fetch_set(wanted: KnownSet, folder: Path, progress: Progress = lambda had, whole: None) -> Path:
    """Fetch, verify and unpack every file of a set that is not there yet.

    Parameters
    ----------
    wanted : KnownSet
    folder : Path
        Receives a folder with the set's name.
    progress : callable

    Returns
    -------
    Path
        Where it lies.

    Raises
    ------
    UsageError
        It has to be asked for, or Kaggle wants an account and none is configured.
    FetchError
        A file cannot be had, or differs from its checksum.
    OutputError
        The folder cannot be written.
    """
    place = folder / wanted.name
    if wanted.present(folder):
        return place
    if not wanted.files:
        raise UsageError(f"{wanted.name}: cannot be fetched ({wanted.terms}); ask at {wanted.page}")
    headers = _account(wanted) if wanted.kaggle else {}
    try:
        place.mkdir(parents=True, exist_ok=True)
        for file in wanted.files:
            path = place / file.name
            if not path.is_file():
                download(file, path, headers, progress, f"or fetch it by hand from {wanted.page}")
            if file.archive:
                unpack(path, place)
                path.unlink()
        (place / ".complete").touch()
    except OSError as error:
        raise OutputError(f"{place}: cannot be written ({error.strerror}); give --to") from error
    return place


def download(
    file: Download, path: Path, headers: Mapping[str, str], progress: Progress, else_do: str
) -> None:
    """Fetch one file into `path`, which is there only once it is whole and verified.

    What was had when a connection broke stays in `<path>.part`, and the next
    attempt asks for the rest alone.

    Raises
    ------
    FetchError
    """
    part = path.with_name(f"{path.name}.part")
    for attempt in range(1, TRIES + 1):
        try:
            _receive(file.url, part, headers, progress)
            break
        except urllib.error.HTTPError as error:
            raise _refused(file, error, else_do) from error
        except (urllib.error.URLError, TimeoutError, ConnectionError, HTTPException) as error:
            if attempt == TRIES:
                reason = getattr(error, "reason", error)
                raise FetchError(
                    f"{file.url}: cannot be reached ({reason}); check the network and run it "
                    f"again to go on where it broke off, {else_do}"
                ) from error
    verify(part, file)
    part.replace(path)


def verify(path: Path, file: Download) -> None:
    """Compare a file with its published checksum; a file that differs is removed.

    Raises
    ------
    FetchError
        They differ.
    """
    if not file.checksum:
        return
    kind, wanted = file.checksum.split(":")
    found = _digest(path, kind)
    if found != wanted:
        path.unlink()
        raise FetchError(
            f"{file.url}: {kind} is {found}, published is {wanted}; it came damaged or was "
            "changed, and was removed: run it again"
        )


def unpack(path: Path, folder: Path) -> None:
    """Unpack a .zip or .tgz; nothing is written outside `folder`.

    Raises
    ------
    FetchError
        It is no such archive, or holds paths that lead outside; it is removed.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        else:
            with tarfile.open(path) as archive:
                _unpack_inside(archive, folder)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        path.unlink()
        raise FetchError(f"{path}: cannot be unpacked ({error}); run it again") from error


def _unpack_inside(archive: tarfile.TarFile, folder: Path) -> None:
    """Files and folders alone, none of them outside.

    Python checks the same from 3.11.4 on (`filter="data"`), and asks for that from 3.14 on.
    """
    inside = folder.resolve()
    for member in archive.getmembers():
        if not (member.isfile() or member.isdir()):
            raise tarfile.TarError(f"{member.name}: neither a file nor a folder")
        if not (inside / member.name).resolve().is_relative_to(inside):
            raise tarfile.TarError(f"{member.name}: leads outside")
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
    else:
        archive.extractall(folder)


def kaggle_headers(environment: Mapping[str, str] = os.environ) -> dict[str, str] | None:
    """The header that tells Kaggle who asks; None where no account is configured.

    From KAGGLE_USERNAME and KAGGLE_KEY, else from kaggle.json in
    KAGGLE_CONFIG_DIR or ~/.kaggle.

    Raises
    ------
    UsageError
        kaggle.json is no such file.
    """
    name, key = (environment.get(variable) for variable in KAGGLE_KEYS)
    if not (name and key):
        folder = environment.get("KAGGLE_CONFIG_DIR") or Path.home() / ".kaggle"
        path = Path(folder) / "kaggle.json"
        if not path.is_file():
            return None
        try:
            token = json.loads(path.read_text(encoding="utf-8"))
            name, key = token["username"], token["key"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}: no Kaggle token ({error}); download it again") from error
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()}


def _account(wanted: KnownSet) -> dict[str, str]:
    headers = kaggle_headers()
    if headers is None:
        raise UsageError(
            f"{wanted.name}: Kaggle wants an account; put an API token into ~/.kaggle/kaggle.json "
            f"(or {' and '.join(KAGGLE_KEYS)}), or download it in a browser from {wanted.page}"
        )
    return headers


def _receive(url: str, part: Path, headers: Mapping[str, str], progress: Progress) -> None:
    had = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"User-Agent": f"hcr-batch/{__version__}"})
    if had:
        request.add_header("Range", f"bytes={had}-")
    for name, value in headers.items():
        # Kaggle sends one on to another host, which must not be told the key.
        request.add_unredirected_header(name, value)
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == 416 and had:  # nothing is left to send: it was whole already
            return
        raise
    with answer:
        # A server that does not know ranges sends all of it again.
        had = had if answer.status == 206 else 0
        length = answer.headers.get("Content-Length")
        whole = had + int(length) if length else None
        with part.open("ab" if had else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                had += len(chunk)
                progress(had, whole)
    if whole is not None and had < whole:
        raise ConnectionError(f"broke off after {had} of {whole} bytes")


def _refused(file: Download, error: urllib.error.HTTPError, else_do: str) -> FetchError:
    why = f"the server answers {error.code} {error.reason}"
    if error.code in (401, 403):
        return FetchError(f"{file.url}: {why}; check your account or token, {else_do}")
    return FetchError(f"{file.url}: {why}; try later, {else_do}")


def _digest(path: Path, kind: str) -> str:
    digest = hashlib.new(kind)
    with path.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
