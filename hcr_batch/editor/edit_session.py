"""One sitting at a template: what is edited is checked, saved, and not lost."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hcr_batch.config import toml_text
from hcr_batch.forms.edited import Anchors, EditableTemplate, EditedField, Fault
from hcr_batch.results.atomic import atomic_output

__all__ = ["Edit", "EditSession", "Opened"]


@dataclass(frozen=True)
class Opened:
    """A template as a window got it; `version` is the SHA-256 (hex) of its file."""

    version: str
    template: EditableTemplate


@dataclass(frozen=True)
class Edit:
    """The form as a window has it, and which version of the file it had opened."""

    opened: str
    name: str
    fields: tuple[EditedField, ...]
    anchors: Anchors = field(default_factory=dict)


class EditSession:
    """The file that is edited; may be used from several threads.

    Parameters
    ----------
    path : Path
        The template.

    Raises
    ------
    ConfigError
        It is no template whose fields could be placed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._opened: dict[str, EditableTemplate] = {}
        self._unsaved: Edit | None = None
        self.open()

    def open(self) -> Opened:
        """The template as it is on disk now.

        Raises
        ------
        ConfigError
            It is no template any more.
        """
        content, text = _content(self.path), toml_text(self.path)
        version = _version(content)
        if version not in self._opened:
            self._opened[version] = EditableTemplate(self.path, text)
        return Opened(version, self._opened[version])

    def knows(self, version: str) -> bool:
        """Whether a window may have opened this version here."""
        return version in self._opened

    def count(self, version: str) -> int:
        """Number of fields that the file had in a version opened here."""
        return len(self._opened[version].fields)

    def check(self, edit: Edit) -> tuple[Fault, ...]:
        """What is wrong with the fields; they are kept as the latest that were not saved."""
        with self._lock:
            self._unsaved = edit
            return self._opened[edit.opened].faults(edit.fields, edit.name)

    def save(self, edit: Edit, seen: str, force: bool = False) -> str | None:
        """Write the fields into the template.

        Parameters
        ----------
        edit : Edit
        seen : str
            Version of the file that the window knows: what it opened, or saved last.
        force : bool
            Write over another version that has come there meanwhile.

        Returns
        -------
        str or None
            The new version; None where another one has come there, which stands.

        Raises
        ------
        OutputError
            It cannot be written; the old file stands.
        """
        with self._lock:
            now = _content(self.path)
            if _version(now) != seen and not force:
                return None
            content = self._text(edit, now).encode()
            with atomic_output(self.path) as file:
                file.write(content)
            self._unsaved = None
            return _version(content)

    def discard(self) -> None:
        """Forget what was not saved, as the user asked."""
        self._unsaved = None

    def rescue(self) -> Path | None:
        """Write what was not saved beside the template; the file, None where all was saved.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        if self._unsaved is None:
            return None
        now = _content(self.path)
        content = self._text(self._unsaved, now).encode()
        if content == now:
            return None
        # Not *.toml: a folder of templates must not hold the form twice.
        beside = self.path.with_name(f"{self.path.name}.unsaved")
        with atomic_output(beside) as file:
            file.write(content)
        return beside

    def _text(self, edit: Edit, now: bytes) -> str:
        text = self._opened[edit.opened].with_fields(edit.fields, edit.name, edit.anchors)
        # Ends of lines stay those of the file, as Windows has them.
        return text.replace("\n", "\r\n") if b"\r\n" in now else text


def _content(path: Path) -> bytes:
    """Of a file; nothing where it is gone."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
