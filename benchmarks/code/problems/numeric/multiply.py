"""Products of long polynomials with whole coefficients."""

TAG = "algorithm design"
LEVELS = (5, 300, 1000, 2000)


def multiply(p: list[int], q: list[int]) -> list[int]:
    """Return the coefficients of the product of two polynomials, the constant term first. The
    result has len(p) + len(q) - 1 coefficients, also where the last are 0; if a factor has none,
    it has none.
    >>> multiply([1, 2], [3, 0, 1])
    [3, 6, 1, 2]
    >>> multiply([], [1])
    []
    """


def reference(p, q):
    """O(n^1.59 / w): packs the coefficients into two long numbers and multiplies these once."""
    if not p or not q:
        return []
    size = len(p) + len(q) - 1
    bound = max(map(abs, p)) * max(map(abs, q)) * min(len(p), len(q))
    width = bound.bit_length() // 8 + 1  # bytes, with room for a sign

    def pack(numbers):
        above = b"".join([(x if x > 0 else 0).to_bytes(width, "little") for x in numbers])
        below = b"".join([(-x if x < 0 else 0).to_bytes(width, "little") for x in numbers])
        return int.from_bytes(above, "little") - int.from_bytes(below, "little")

    # Half a slot is added everywhere, so that no slot borrows from the next.
    half = 1 << (8 * width - 1)
    shift = int.from_bytes((b"\x00" * (width - 1) + b"\x80") * size, "little")
    packed = (pack(p) * pack(q) + shift).to_bytes(size * width + 1, "little")
    read = int.from_bytes
    return [read(packed[i : i + width], "little") - half for i in range(0, size * width, width)]


def mid(p, q):
    """O(n^1.59 / w + n^2 / w): one long product, but packed and cut slot by slot with shifts."""
    if not p or not q:
        return []
    bound = max(map(abs, p)) * max(map(abs, q)) * min(len(p), len(q))
    width = bound.bit_length() + 2

    def pack(numbers):
        packed = 0
        for x in reversed(numbers):
            packed = (packed << width) + x
        return packed

    packed = pack(p) * pack(q)
    mask, half = (1 << width) - 1, 1 << (width - 1)
    product = []
    for _ in range(len(p) + len(q) - 1):
        x = packed & mask
        packed >>= width
        if x >= half:
            x -= 1 << width
            packed += 1
        product.append(x)
    return product


def naive(p, q):
    """O(n^2): every coefficient with every other."""
    if not p or not q:
        return []
    product = [0] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            product[i + j] += a * b
    return product


def fast_wrong(p, q):
    """Wrong: one long product with slots for positive coefficients of 64 bits. O(n^1.59 / w)."""
    if not p or not q:
        return []
    size = len(p) + len(q) - 1
    width = 8

    def pack(numbers):
        return int.from_bytes(b"".join(abs(x).to_bytes(width, "little") for x in numbers), "little")

    packed = (pack(p) * pack(q)).to_bytes((size + 1) * width, "little")
    return [int.from_bytes(packed[i : i + width], "little") for i in range(0, size * width, width)]


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([], []),
        ([], [1, 2]),
        ([3], [-4]),
        ([0, 0], [0, 0, 0]),
        ([1, 1, 1, 1], [1, -1]),
        ([2**31, 2**31], [2**31, 2**31]),
        ([-1, 0, 0], [0, 0, -1]),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    largest = [9, 10**6, 10**6, 1][cid % 4]
    lengths = [(size, size), (size, size), (size, max(1, size // 3)), (size, size)][cid % 4]
    p, q = ([random.randint(-largest, largest) for _ in range(length)] for length in lengths)
    return p, q


def __check(input, answer, output):
    return type(output) is list and all(type(x) is int for x in output) and output == answer
