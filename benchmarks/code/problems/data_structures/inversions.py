"""How far from sorted a sequence is."""

TAG = "algorithm design"
LEVELS = (8, 1500, 4000, 8000)


def inversions(values: list[int]) -> int:
    """Count the pairs i < j with values[i] > values[j].
    >>> inversions([2, 3, 1])
    2
    >>> inversions([1, 1, 1])
    0
    """


def reference(values):
    """O(n sqrt n), all but log n of it moves of memory: sorted blocks of what went before."""
    from bisect import bisect_right, insort_right

    blocks, tops = [], []
    total = 0
    for value in values:
        if not blocks:
            blocks.append([value])
            tops.append(value)
            continue
        k = bisect_right(tops, value)
        if k == len(blocks):
            k -= 1
            tops[k] = value
        block = blocks[k]
        total += len(block) - bisect_right(block, value)
        for later in blocks[k + 1 :]:
            total += len(later)
        insort_right(block, value)
        if len(block) > 2000:
            blocks[k : k + 1] = [block[:1000], block[1000:]]
            tops[k : k + 1] = [block[999], block[-1]]
    return total


def mid(values):
    """O(n log n): a tree of counts over the ranks of the values."""
    ranks = {value: rank for rank, value in enumerate(sorted(set(values)), 1)}
    size = len(ranks)
    tree = [0] * (size + 1)
    total = 0
    for seen, value in enumerate(values):
        rank = i = ranks[value]
        total += seen
        while i:
            total -= tree[i]
            i &= i - 1
        while rank <= size:
            tree[rank] += 1
            rank += rank & -rank
    return total


def naive(values):
    """O(n^2): every pair."""
    total = 0
    for j, value in enumerate(values):
        for earlier in values[:j]:
            if earlier > value:
                total += 1
    return total


def fast_wrong(values):
    """Wrong: the distance of all values from their sorted places, halved. O(n log n)."""
    order = sorted(range(len(values)), key=values.__getitem__)
    return sum(abs(place - i) for place, i in enumerate(order)) // 2


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([],),
        ([3],),
        ([4] * 8,),
        ([5, 4, 3, 2, 1],),
        ([1, 2, 3, 4],),
        ([2, 1, 2, 1, 2, 1],),
        ([-(10**18), 10**18, 0, -1],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    if cid % 4 == 1:  # falling, with some noise
        return ([size - i + random.randint(0, 9) for i in range(size)],)
    largest = [size * size, 0, 50, size][cid % 4]
    return ([random.randint(-largest, largest) for _ in range(size)],)


def __check(input, answer, output):
    return type(output) is int and output == answer
