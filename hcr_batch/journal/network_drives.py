"""Whether a folder lies on another machine."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["is_on_network"]

MOUNTS = Path("/proc/self/mounts")
"""Where Linux lists what is mounted; other systems have no such file."""

NETWORK = frozenset(
    ("9p afs beegfs ceph cifs coda fuse.ceph fuse.glusterfs fuse.sshfs gfs2 glusterfs lustre ncpfs "
     "nfs nfs4 ocfs2 smb2 smb3 smbfs fuse.rclone fuse.s3fs vboxsf prl_fs").split()
)  # fmt: skip
"""File systems of other machines, and those that a virtual machine shares with its host: memory
that two processes share there is not the same for both."""

OCTAL = re.compile(r"\\([0-7]{3})")


def is_on_network(path: Path) -> bool:
    """Whether a file lies, or would lie, on a network share, as far as the system tells."""
    real = os.path.realpath(path.parent)
    if real.startswith(("\\\\", "//")):
        return True
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    mounted = [line.split(" ")[1:3] for line in lines if line.count(" ") >= 2]
    places = [
        (place, kind)
        for place, kind in ((_plain(place), kind) for place, kind in mounted)
        if os.path.commonpath([place, real]) == place
    ]
    return bool(places) and max(places, key=lambda item: len(item[0]))[1] in NETWORK


def _plain(place: str) -> str:
    r"""The place with its blanks, which stand as `\040`."""
    return OCTAL.sub(lambda match: chr(int(match[1], 8)), place)
