"""System calls that a program has no use for and that widen what it can reach.

A new user namespace would give it rights over a kernel that it has none over now; the others see
into processes, hold memory that no limit counts (System V's, files without a name), keep data
beyond the sandbox (keys), see or set what the machine caches of a file that other sandboxes share,
tell when another one opens or locks it, or talk past its network (vsock). How long a read takes
still tells whether the machine has it cached: that cannot be refused, and without a way to empty
the cache it is a mark that is made once. The filter is a classic BPF program over the call's number
and one argument, as `bwrap --seccomp` takes it.
"""

import errno
import platform
import struct

_NUMBERS = {
    "x86_64": {
        "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
        "ptrace": 101, "pivot_root": 155, "mount": 165, "umount2": 166, "add_key": 248,
        "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "bpf": 321, "userfaultfd": 323,
        "io_uring_setup": 425, "fadvise64": 221, "readahead": 187, "mincore": 27, "cachestat": 451,
        "memfd_create": 319, "memfd_secret": 447, "name_to_handle_at": 303,
        "open_by_handle_at": 304, "personality": 135, "inotify_init": 253, "inotify_init1": 294,
        "fanotify_init": 300, "flock": 73, "preadv2": 327, "pwritev2": 328, "clone": 56,
        "clone3": 435, "socket": 41, "fcntl": 72,
    },
    "aarch64": {
        "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180,
        "ptrace": 117, "pivot_root": 41, "mount": 40, "umount2": 39, "add_key": 217,
        "request_key": 218, "keyctl": 219, "unshare": 97, "perf_event_open": 241, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "bpf": 280, "userfaultfd": 282,
        "io_uring_setup": 425, "fadvise64": 223, "readahead": 213, "mincore": 232, "cachestat": 451,
        "memfd_create": 279, "memfd_secret": 447, "name_to_handle_at": 264,
        "open_by_handle_at": 265, "personality": 92, "inotify_init1": 26, "fanotify_init": 262,
        "flock": 32, "preadv2": 286, "pwritev2": 287, "clone": 220, "clone3": 435, "socket": 198,
        "fcntl": 25,
    },
}  # fmt: skip
_SET_AFFINITY = {"x86_64": 203, "aarch64": 122}
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Numbers from here on are those of a second, 32-bit table of x86_64.
_SECOND_TABLE = 0x40000000
_NEW_USER = 0x10000000
_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink
# Locks of a process and of an open file (get, set, wait), and leases.
_LOCKS = (5, 6, 7, 36, 37, 38, 1024, 1025)
# The C library then does without: it makes threads by an older call, whose flags can be seen, and
# reads by one that has no flags, which are what tells a cached page.
_ABSENT = ("clone3", "preadv2", "pwritev2")

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000


def program(*, stays: bool = False) -> bytes | None:
    """Return the filter for this machine, or None where its numbers are not known.

    With `stays` a program cannot leave its core, to slow down what is timed on another one.
    """
    machine = platform.machine()
    if machine not in _NUMBERS:
        return None
    numbers = dict(_NUMBERS[machine])
    if stays:
        numbers["sched_setaffinity"] = _SET_AFFINITY[machine]
    clone, socket, fcntl = (numbers.pop(name) for name in ("clone", "socket", "fcntl"))
    absent = [numbers.pop(name) for name in _ABSENT]
    refused = _refuse(errno.EPERM)
    lines = [
        _line(_LOAD, _ARCHITECTURE), _line(_EQUAL, _ARCHITECTURES[machine], 1, 0), refused,
        _line(_LOAD, _NUMBER), _line(_AT_LEAST, _SECOND_TABLE, 0, 1), refused,
    ]  # fmt: skip
    for number in numbers.values():
        lines += [_line(_EQUAL, number, 0, 1), refused]
    for number in absent:
        lines += [_line(_EQUAL, number, 0, 1), _refuse(errno.ENOSYS)]
    argument, allowed = _line(_LOAD, _FIRST_ARGUMENT), _line(_RETURN, _ALLOW)
    lines += [
        _line(_EQUAL, clone, 0, 4),
        argument, _line(_ANY_BIT, _NEW_USER, 0, 1), refused, allowed,
    ]  # fmt: skip
    families = [_line(_EQUAL, family, len(_FAMILIES) - at) for at, family in enumerate(_FAMILIES)]
    lines += [
        _line(_EQUAL, socket, 0, len(_FAMILIES) + 3),
        argument, *families, _refuse(errno.EAFNOSUPPORT), allowed,
    ]  # fmt: skip
    locks = [_line(_EQUAL, lock, len(_LOCKS) - at) for at, lock in enumerate(_LOCKS)]
    lines += [
        _line(_EQUAL, fcntl, 0, len(_LOCKS) + 3),
        _line(_LOAD, _SECOND_ARGUMENT), *locks, allowed, refused,
    ]  # fmt: skip
    return b"".join([*lines, allowed])


def _line(code: int, value: int, true: int = 0, false: int = 0) -> bytes:
    """Return an instruction; `true` and `false` are how many to skip after a comparison."""
    return struct.pack("=HBBI", code, true, false, value)


def _refuse(error: int) -> bytes:
    return _line(_RETURN, _REFUSE | error)
