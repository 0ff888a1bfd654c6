"""The command by which bubblewrap shuts a program in."""

import functools
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from evalvar.collect.interpreters import SYSTEM
from evalvar.errors import ToolError

INSTALL = (
    "Install bubblewrap (apt install bubblewrap, dnf install bubblewrap) where user namespaces "
    "are allowed (in a container: --privileged), or let programs run without by --unsafe-local"
)
# Where the code that runs inside lies inside.
CODE = Path("/inside")

_LINKS = ("bin", "sbin", "lib", "lib32", "lib64")
_RIGHTS = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL")
_NOBODY = "65534"


def find_bubblewrap() -> Path:
    """Return where bubblewrap is."""
    found = shutil.which("bwrap")
    if found is None:
        raise ToolError(
            f"bubblewrap is not installed, and programs are not run without. {INSTALL}."
        )
    return Path(found)


def command(
    bwrap: Path,
    code: Path,
    trees: Iterable[Path],
    hidden: Iterable[Path] = (),
    *,
    user_namespace: bool,
    tmp_bytes: int,
    system_calls: int | None,
) -> list[str]:
    """Return the words that shut in what follows them.

    Parameters
    ----------
    bwrap : path
        Of bubblewrap.
    code, trees : path, paths
        Directories to be seen besides the system's: `code` as `CODE`, the others as they are. All
        are read-only.
    hidden : paths
        Directories in these that are to look empty.
    user_namespace : bool
        Shut in as nobody in a user namespace, for whom is not root. Else what is shut in may take
        another user's place, and end that one's processes.
    tmp_bytes : int
        Size of the private /tmp; where bubblewrap is too old to limit it, it cannot be written.
    system_calls : int, optional
        A descriptor from which the filter of system calls is read.
    """
    options = _options(bwrap)
    words = [
        str(bwrap), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", "--as-pid-1", "--die-with-parent", "--new-session",
    ]  # fmt: skip
    if user_namespace:
        words += ["--unshare-user", "--uid", _NOBODY, "--gid", _NOBODY]
        words += ["--disable-userns"] if "--disable-userns" in options else []
    else:
        for right in _RIGHTS:
            words += ["--cap-add", right]
    words += _bound(SYSTEM)
    for path in (Path("/", name) for name in _LINKS):
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            words += _bound(path)
    words += ["--perms", "0755", "--dir", "/etc"]
    # By these two the linker finds libraries off the usual paths.
    for name in ("/etc/ld.so.cache", "/etc/alternatives"):
        words += ["--ro-bind-try", name, name]
    # Before the trees, of which one may lie below it.
    if "--size" in options:
        words += ["--size", str(tmp_bytes), "--perms", "1777", "--tmpfs", "/tmp"]
    else:
        words += ["--dir", "/tmp"]
    made = {Path("/"), Path("/tmp")}
    for tree in trees:
        # Made here, so that of a home folder nothing but the tree below it is seen.
        for parent in reversed(tree.parents):
            words += [] if parent in made else ["--perms", "0755", "--dir", str(parent)]
            made.add(parent)
        words += _bound(tree)
    for path in hidden:
        words += ["--tmpfs", str(path), "--remount-ro", str(path)]
    words += [*_bound(code, CODE), "--dev", "/dev"]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    return [*words, *(["--seccomp", str(system_calls)] if system_calls is not None else [])]


def _bound(path: Path, inside: Path | None = None) -> list[str]:
    return ["--ro-bind", str(path), str(inside or path)]


@functools.cache
def _options(bwrap: Path) -> frozenset[str]:
    """Return the options that this bubblewrap has."""
    told = subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False)
    return frozenset(told.stdout.split())
