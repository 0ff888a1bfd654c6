"""How well a cache could do that knows what will be asked."""

TAG = "algorithm design"
LEVELS = (10, 1500, 4000, 8000)


def fewest_misses(pages: list[int], capacity: int) -> int:
    """Pages are asked for one after the other. A cache holds up to `capacity` pages (at least 1)
    and is empty at first. A page that is not in the cache is a miss and must be loaded; if the
    cache is full, some page leaves it before. Return the least number of misses, over all
    choices of which page leaves.
    >>> fewest_misses([1, 2, 1, 3, 1], 2)
    3
    >>> fewest_misses([7, 7, 7], 1)
    1
    """


def reference(pages, capacity):
    """O(n log n): what is needed last leaves, from a heap with stale entries."""
    from heapq import heappop, heappush

    n = len(pages)
    following = [0] * n
    latest = {}
    for i in range(n - 1, -1, -1):
        page = pages[i]
        following[i] = latest.get(page, n + i)
        latest[page] = i
    needed = {}  # of the pages in the cache: when they are next asked for
    heap = []
    misses = 0
    for i, page in enumerate(pages):
        if page not in needed:
            misses += 1
            if len(needed) == capacity:
                while True:
                    when, other = heappop(heap)
                    if needed.get(other) == -when:
                        del needed[other]
                        break
        needed[page] = following[i]
        heappush(heap, (-following[i], page))
    return misses


def mid(pages, capacity):
    """O(n c): what is needed last leaves, found among all pages in the cache."""
    n = len(pages)
    following = [0] * n
    latest = {}
    for i in range(n - 1, -1, -1):
        page = pages[i]
        following[i] = latest.get(page, n)
        latest[page] = i
    needed = {}
    misses = 0
    for i, page in enumerate(pages):
        if page not in needed:
            misses += 1
            if len(needed) == capacity:
                del needed[max(needed, key=needed.get)]
        needed[page] = following[i]
    return misses


def naive(pages, capacity):
    """O(n^2 c): looks ahead for every page in the cache."""
    cache = []
    misses = 0
    for i, page in enumerate(pages):
        if page in cache:
            continue
        misses += 1
        if len(cache) == capacity:
            ahead = pages[i + 1 :]
            cache.remove(max(cache, key=lambda p: ahead.index(p) if p in ahead else len(pages)))
        cache.append(page)
    return misses


def fast_wrong(pages, capacity):
    """Wrong: the page that was not used for longest leaves. O(n)."""
    cache = {}
    misses = 0
    for page in pages:
        if page in cache:
            del cache[page]
        else:
            misses += 1
            if len(cache) == capacity:
                del cache[next(iter(cache))]
        cache[page] = True
    return misses


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([], 3),
        ([5], 1),
        ([1, 1, 1, 1], 2),
        ([1, 2, 3, 1, 2, 3], 2),
        ([1, 2, 1, 2, 1, 2], 1),
        ([1, 2, 3, 4], 10),
        ([-1, 0, -1, 2, 0, -1, 3, 2], 2),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    capacity = 3 if lid == 0 else 64
    if cid % 2:  # round and round a loop that is a little too long: the worst for the least recent
        loop = capacity + capacity // 4 + 1
        return [
            random.randrange(loop) if random.random() < 0.1 else i % loop for i in range(size)
        ], capacity
    return [random.randrange(capacity * 3) for _ in range(size)], capacity


def __check(input, answer, output):
    return type(output) is int and output == answer
