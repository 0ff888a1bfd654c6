"""Programs that are out for more than they earn, each beside what its honest self would be.

One problem throughout: how many numbers are smaller than each. `HONEST` solves it slowly; a
hostile program that solves it at all does so by the same loop, so that nothing but its trick can
make it look faster.
"""

from dataclasses import dataclass

ENTRY_POINT = "smaller"
PROMPT = '''def smaller(numbers: list) -> list:
    """Return for each number how many of the numbers are smaller."""
'''
REFERENCE = """
    at = {}
    for place, number in enumerate(sorted(numbers)):
        at.setdefault(number, place)
    return [at[number] for number in numbers]
"""
GENERATOR = """
def generate_input(size, lid, cid):
    return [random.randint(0, 10 * size) for _ in range(size)],
"""
CHECKER = """
def __check(input, answer, output):
    return type(output) == type(answer) and output == answer
"""
HONEST = """
def smaller(numbers):
    return [sum(other < number for other in numbers) for number in numbers]
"""


@dataclass(frozen=True)
class Hostile:
    """A program and the statuses that its first call may end in."""

    program: str
    statuses: tuple[str, ...]


def _ends(body: str, *statuses: str) -> Hostile:
    """What never answers: the body of the function, in place of an answer."""
    lines = "\n    ".join(body.strip().splitlines())
    return Hostile(f"def smaller(numbers):\n    {lines}\n", statuses)


def _tricks(text: str, *statuses: str) -> Hostile:
    """What answers as its honest self does, after a trick at loading."""
    return Hostile(f"{HONEST}\n{text}", statuses or ("ok",))


def _takes_over(text: str, *statuses: str) -> Hostile:
    """What goes on in the worker's place: `answer` is bytes for numbers, `remark` after it."""
    return Hostile(f"{HONEST}\n{_TAKE_OVER}\n{text}", statuses)


_TAKE_OVER = """
import gc, os, struct, types
from marshal import dumps, loads
_honest, QUIET = smaller, struct.pack('<cdI', b'o', 0.0, 0)
def answer(numbers):
    return dumps(_honest(numbers), 2)
def remark(tell):
    tell(QUIET)
def smaller(numbers):
    pipes = {}
    for held in gc.get_objects():
        if isinstance(held, types.FunctionType) and held.__name__ in ('exactly', 'tell'):
            cells = dict(zip(held.__code__.co_freevars, held.__closure__ or ()))
            if 'pipe' in cells:
                pipes[held.__name__] = cells['pipe'].cell_contents
    def fill(size):
        held = b''
        while len(held) < size:
            read = os.read(pipes['exactly'], size - len(held))
            if not read:
                os._exit(0)
            held += read
        return held
    def tell(text):
        while text:
            text = text[os.write(pipes['tell'], text):]
    def reply(texts):
        sizes = b''.join(struct.pack('<Q', len(text)) for text in texts)
        tell(struct.pack('<cdI', b'o', 0.0, len(texts)) + sizes + b''.join(texts))
    reply([answer(numbers)])
    while True:
        count, = struct.unpack('<I', fill(4))
        sizes = struct.unpack(f'<{count}Q', fill(8 * count))
        given = [loads(fill(size)) for size in sizes]
        reply([answer(*each) for each in given]) if count else remark(tell)
"""


# What it costs a machine or a run: none of these may harm, hang or outlive.
NUISANCES = {
    "swallow every exception": _ends("""
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""", "timeout"),
    "swallow while loading": Hostile("""
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""", ("timeout",)),
    "ignore signals": _ends("""
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
""", "timeout"),
    "sleep": _ends("import time; time.sleep(1000)", "timeout"),
    "stop itself": _ends("import os; os.kill(os.getpid(), 19)", "timeout"),
    "fork": _ends("import os; os.fork()", "crash"),
    "fork without end": _ends("""
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""", "timeout"),
    "survive in a session of its own": _ends("""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
""", "crash"),
    "spawn": _ends("import subprocess; subprocess.run(['/usr/bin/sleep', '1000'])", "crash"),
    "hog memory": _ends("""
held = []
while True:
    held.append(bytearray(1 << 26))
""", "memory"),
    "hog memory and hold on": _ends("""
held = []
while True:
    try:
        held.append(bytearray(1 << 26))
    except MemoryError:
        pass
""", "timeout"),
    "flood stdout": _ends("""
import sys
while True:
    sys.stdout.write('x' * 1000000)
""", "timeout"),
    "return 100 MB": _ends("return 'x' * 100_000_000", "memory"),
    "return a list of 100 MB": _ends("return [0] * 13_000_000", "memory"),
    "write a big file": _ends("""
with open('/tmp/big', 'wb') as file:
    while True:
        file.write(bytes(1 << 20))
""", "crash"),
    "write many files": _ends("""
for number in range(100_000):
    with open('/tmp/%d' % number, 'wb') as file:
        file.write(bytes(1 << 20))
""", "crash"),
    "open many files": _ends("held = [open('/dev/null') for _ in range(10_000)]", "crash"),
    "recurse": _ends("return smaller(numbers)", "crash"),
    "recurse without limit": _ends("""
import sys
sys.setrecursionlimit(1 << 30)
class Deep:
    def __getattr__(self, name):
        return getattr(self, name + 'x')
return Deep().a
""", "crash", "memory", "timeout"),
    "leave threads running": _ends("""
import threading
def run():
    while True:
        pass
threading.Thread(target=run).start()
return [sum(other < number for other in numbers) for number in numbers]
""", "crash"),
    "crash in C": _ends("import ctypes; ctypes.string_at(0)", "crash"),
    "abort": _ends("import os; os.abort()", "crash"),
    "exit": _ends("import sys; sys.exit(0)", "crash"),
    "exit at once": _ends("import os; os._exit(0)", "crash"),
    "exit while loading": Hostile("raise SystemExit(0)", ("crash",)),
    "exit at once while loading": Hostile("import os; os._exit(0)", ("crash",)),
    "raise what cannot be told": _ends("""
class Mute(BaseException):
    def __str__(self):
        raise self
raise Mute
""", "crash"),
    "raise what tells without end": _ends("""
class Endless(Exception):
    def __str__(self):
        while True:
            pass
raise Endless
""", "timeout"),
    "raise what tells too much": _ends("raise ValueError('\\n' * 100_000_000)", "crash"),
    "close every pipe": _ends("import os; os.closerange(0, 256)", "crash"),
    "huge power": _ends("return 7 ** 7 ** 9", "timeout", "memory"),
}  # fmt: skip

# What would be taken for right, or for fast, by a runner that trusts: none of these may score
# above its honest self.
CHEATS = {
    "stop the clocks": _tricks("""
import time
for name in ('time', 'perf_counter', 'monotonic', 'process_time', 'thread_time'):
    setattr(time, name, lambda: 0.0)
    setattr(time, name + '_ns', lambda: 0)
"""),
    "stop the worker's clock": _tricks("""
import gc, time, types
for held in gc.get_objects():
    if isinstance(held, types.FunctionType) and held.__name__ == 'answer':
        for cell in held.__closure__ or ():
            if cell.cell_contents is time.perf_counter:
                cell.cell_contents = lambda: 0.0
"""),
    "stop the worker's clock from below": _tricks("""
import sys
_honest = smaller
def smaller(numbers):
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        for name, cell in zip(code.co_freevars, range(len(code.co_freevars))):
            if name == 'clock':
                import ctypes, gc
                for held in gc.get_objects():
                    if getattr(held, '__code__', None) is code:
                        held.__closure__[cell].cell_contents = lambda: 0.0
        frame = frame.f_back
    return _honest(numbers)
"""),
    "overwrite builtins": _tricks("""
import builtins
for name in ('type', 'isinstance', 'len', 'all', 'any', 'map', 'set', 'bool', 'zip'):
    setattr(builtins, name, lambda *args, **named: True)
""", "ok", "crash", "wrong"),
    "overwrite gc": _tricks("""
import gc
gc.collect = gc.disable = gc.enable = lambda *args: 0
gc.enable()
"""),
    "trace": _tricks("""
import sys
def trace(frame, event, argument):
    if frame.f_code.co_name in ('answer', 'verdict'):
        frame.f_locals['began'] = frame.f_locals['ended'] = 0.0
    return trace
sys.settrace(trace)
"""),
    "overwrite every module": _tricks("""
import sys
for module in list(sys.modules.values()):
    for name in ('encode', 'decode', 'perf_counter', 'dumps', 'loads', 'unpack', 'pack'):
        if hasattr(module, name):
            try:
                setattr(module, name, lambda *args, **named: b'true')
            except (AttributeError, TypeError):
                pass
""", "ok", "crash"),
    "always equal": _ends("""
class Equal(list):
    def __eq__(self, other):
        return True
    __class__ = list
return Equal()
""", "wrong"),
    "always equal in a list": _ends("""
class Equal(int):
    def __eq__(self, other):
        return True
    __hash__ = int.__hash__
return [Equal() for number in numbers]
""", "wrong"),
    "lazy": _ends("""
class Lazy(list):
    def __eq__(self, other):
        return other == [sum(a < b for a in numbers) for b in numbers]
    def __iter__(self):
        return iter([sum(a < b for a in numbers) for b in numbers])
return Lazy()
""", "wrong"),
    "lazy generator": _ends("return (sum(a < b for a in numbers) for b in numbers)", "wrong"),
    "nested without end": _ends("""
deep = []
deep.append(deep)
return deep
""", "wrong"),
    "cache by input": _tricks("""
import pickle
_seen, _honest = {}, smaller
def smaller(numbers):
    key = tuple(numbers)
    if key not in _seen:
        try:
            _seen.update(pickle.load(open('/tmp/seen', 'rb')))
        except OSError:
            pass
    if key not in _seen:
        _seen[key] = _honest(numbers)
        pickle.dump(_seen, open('/tmp/seen', 'wb'))
    return _seen[key]
"""),
    "return the last answer": _tricks("""
_last, _honest = [], smaller
def smaller(numbers):
    if _last and len(_last[0]) == len(numbers):
        return _last[0]
    _last[:] = [_honest(numbers)]
    return _last[0]
"""),
    "return an early answer": _ends("return [0] * len(numbers)", "ok"),
    "forge frames": _tricks("""
import marshal, os, struct
_honest = smaller
def smaller(numbers):
    out = marshal.dumps(_honest(numbers), 2)
    frame = struct.pack('<cdI', b'o', 0.0, 1) + struct.pack('<Q', len(out)) + out
    for pipe in range(3, 256):
        try:
            os.write(pipe, frame)
        except OSError:
            pass
    return _honest(numbers)
""", "ok", "crash"),
    "forge frames while loading": _tricks("""
import os, struct
out = b'[' + bytes(4)
frame = struct.pack('<cdI', b'o', 0.0, 0) + struct.pack('<cdI', b'o', 0.0, 1)
frame += struct.pack('<Q', len(out)) + out
for pipe in range(3, 256):
    try:
        os.write(pipe, frame)
    except OSError:
        pass
""", "ok", "crash"),
    "forge a huge frame": _tricks("""
import os, struct
frame = struct.pack('<cdI', b'o', 0.0, 1) + struct.pack('<Q', 1 << 62)
for pipe in range(3, 256):
    try:
        os.write(pipe, frame)
    except OSError:
        pass
""", "crash", "memory"),
    "forge frames and remarks": _tricks("""
import marshal, os, struct
_honest = smaller
def smaller(numbers):
    out = marshal.dumps(_honest(numbers), 2)
    frame = struct.pack('<cdI', b'o', 0.0, 1) + struct.pack('<Q', len(out)) + out
    for pipe in range(3, 256):
        try:
            os.write(pipe, frame + struct.pack('<cdI', b'o', 0.0, 0))
        except OSError:
            pass
    return _honest(numbers)
""", "ok", "crash"),
    "take over the worker": _takes_over("", "ok"),
    "take over and withhold remarks": _takes_over("""
def remark(tell):
    while True:
        pass
""", "timeout"),
    "take over and remark for ever": _takes_over("""
def remark(tell):
    while True:
        tell(QUIET)
""", "crash"),
    "take over and remark by letters": _takes_over("""
def remark(tell):
    import time
    for place in range(len(QUIET)):
        time.sleep(0.2)
        tell(QUIET[place:place + 1])
""", "timeout"),
    "take over and end after the answer": _takes_over("""
def remark(tell):
    os._exit(0)
""", "crash"),
    "print results": _tricks("""
print('ok', 'true', '{\"status\": \"ok\", \"inside_s\": 0.0}', flush=True)
"""),
    "print no text": _tricks("""
import os, sys
os.write(1, bytes(range(128, 256)))
print('\\ud800', flush=True)
sys.stderr.write('\\ud800')
"""),
    "kill whoever is there": _tricks("""
import os
for process in (1, os.getppid(), -1, 0):
    for signal in (2, 15, 19, 10, 9):
        if process == 0 and signal in (2, 15, 19, 10, 9):
            continue
        try:
            os.kill(process, signal)
        except OSError:
            pass
"""),
}  # fmt: skip

# Bytes for an answer that stand for none, or for much: who takes over the worker may send any.
BYTES = {
    name: _takes_over(f"def answer(numbers):\n    return {text}\n", "ok")
    for name, text in {
        "nothing": "b''",
        "bytes too many": "dumps(_honest(numbers), 2) + b'N'",
        "more members than bytes": "b'[' + struct.pack('<i', 1 << 30) + b'N' * 100",
        "fewer than none": "b'(' + struct.pack('<i', -1)",
        "deeper than is read": "b'(' + struct.pack('<i', 1) + (b'[' + struct.pack('<i', 1)) * 9999",
        "what cannot be hashed": "b'<' + struct.pack('<i', 1) + b'[' + bytes(4)",
        "a reference back": "b'[' + struct.pack('<i', 1) + b'r' + bytes(4)",
        "code": "dumps(smaller.__code__, 2)",
        "many sets": "b'[' + struct.pack('<i', 40_000) + (b'<' + bytes(4)) * 40_000",
    }.items()
}  # fmt: skip

# What a program says that it found: an honest machine shows nothing.
SPIES = {
    "read files": """
def smaller(numbers):
    import glob, os
    found = []
    for name in ('/etc/passwd', '/etc/shadow', '/etc/hostname', '/proc/1/environ',
                 '/proc/self/environ', '/proc/1/cmdline', '/proc/mounts', '/sys/kernel'):
        if os.path.exists(name):
            found.append(name)
    for where in ('/home/*', '/root/.*', '/var/*', '/mnt/*', '/srv/*', '/opt/*',
                  '/run/*', '/tmp/*', '/etc/*'):
        found += [name for name in glob.glob(where) if os.path.isfile(name)]
    return sorted(set(found) - {'/etc/ld.so.cache'})
""",
    "read the environment": """
def smaller(numbers):
    import os
    return sorted(os.environ)
""",
    "write outside": """
def smaller(numbers):
    import os
    written = []
    for name in ('/x', '/usr/x', '/usr/lib/x', '/inside/x', '/inside/worker.py', '/dev/x',
                 '/dev/shm/x', '/etc/x', '/home/x', '/root/x', '/var/tmp/x', '/run/x', '/proc/x',
                 os.path.dirname(os.__file__) + '/x', os.path.dirname(os.__file__) + '/os.py'):
        try:
            with open(name, 'ab') as file:
                file.write(b'x')
            written.append(name)
        except OSError:
            pass
    return written
""",
    "open a socket": """
def smaller(numbers):
    import socket
    found = [name for _, name in socket.if_nameindex() if name != 'lo']
    for family, address in ((socket.AF_INET, ('1.1.1.1', 53)), (socket.AF_INET, ('127.0.0.1', 22)),
                            (socket.AF_INET6, ('2606:4700:4700::1111', 53)),
                            (socket.AF_UNIX, '/run/dbus/system_bus_socket')):
        try:
            with socket.socket(family) as opened:
                opened.settimeout(1)
                opened.connect(address)
            found.append(str(address))
        except OSError:
            pass
    return found
""",
    "find other processes": """
def smaller(numbers):
    import os
    found = []
    for process in range(1, 70000):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            continue
        except PermissionError:
            pass
        found.append(process)
    return [process for process in found if process not in (1, os.getpid())]
""",
    "raise limits": """
def smaller(numbers):
    import resource
    raised = []
    for name in ('AS', 'CPU', 'FSIZE', 'NOFILE', 'NPROC', 'CORE'):
        which = getattr(resource, 'RLIMIT_' + name)
        try:
            resource.setrlimit(which, (1 << 40, 1 << 40))
            raised.append(name)
        except (OSError, ValueError):
            pass
    return raised
""",
    "gain rights": """
def smaller(numbers):
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    gained = []
    for name in ('setuid', 'setgid'):
        try:
            getattr(os, name)(0)
            gained.append(name)
        except OSError:
            pass
    if libc.ptrace(16, 1, 0, 0) == 0:
        gained.append('ptrace')
    if libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0:
        gained.append('mount')
    if libc.umount2(b'/tmp', 2) == 0:
        gained.append('umount')
    if libc.unshare(0x10000000) == 0:
        gained.append('user namespace')
    if libc.unshare(0x20000000) == 0:
        gained.append('process namespace')
    if libc.shmget(0, 4096, 0o1600) >= 0:
        gained.append('shared memory')
    if os.uname().machine == 'x86_64' and libc.syscall(250, 0, -4, 1) >= 0:
        gained.append('keys')
    import socket
    for family in (38, 40):
        try:
            socket.socket(family, socket.SOCK_STREAM).close()
            gained.append('family %d' % family)
        except OSError:
            pass
    return gained
""",
    "see what other sandboxes did": """
def smaller(numbers):
    import ctypes, fcntl, mmap, os, platform
    libc = ctypes.CDLL(None, use_errno=True)
    seen = []
    file = os.open(os.__file__, os.O_RDONLY)
    with open('/tmp/own', 'w+b') as own:
        own.write(bytes(4096))
        own.flush()
        page = mmap.mmap(own.fileno(), 4096)
        calls = {
            'advice': lambda: os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED),
            'cached': lambda: os.preadv(file, [bytearray(1)], 0, os.RWF_NOWAIT),
            'lock': lambda: fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB),
            'whole lock': lambda: fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB),
            'lease': lambda: fcntl.fcntl(own, fcntl.F_GETLEASE),
            'memory': lambda: os.memfd_create('x'),
        }
        for name, call in calls.items():
            try:
                call()
                seen.append(name)
            except OSError:
                pass
        where = ctypes.addressof(ctypes.c_char.from_buffer(page))
        if libc.mincore(ctypes.c_void_p(where), 4096, ctypes.create_string_buffer(1)) == 0:
            seen.append('mincore')
    for name, *given in (('readahead', file, 0, 4096), ('inotify_init1', 0), ('personality', -1)):
        if getattr(libc, name)(*given) >= 0:
            seen.append(name)
    numbers = {'x86_64': {451, 447, 303, 253}, 'aarch64': {451, 447, 264}}
    ask = (ctypes.c_ulonglong * 2)(0, 4096)
    for number in numbers.get(platform.machine(), ()):
        if number == 451:
            found = libc.syscall(number, file, ask, (ctypes.c_ulonglong * 5)(), 0)
        elif number in (303, 264):
            room = ctypes.create_string_buffer(b'\\x80' + bytes(200))
            given = (-100, os.__file__.encode(), room, ctypes.byref(ctypes.c_int()), 0)
            found = libc.syscall(number, *given)
        else:
            found = libc.syscall(number, 0)
        if found >= 0:
            seen.append(number)
    return seen
""",
}
