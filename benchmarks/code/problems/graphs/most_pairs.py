"""The most guests that get a seat they like."""

TAG = "algorithm design"
LEVELS = (5, 600, 1400, 2400)


def most_pairs(likes: list[list[int]], seats: int) -> int:
    """Guest i likes the seats in `likes[i]`, numbers from 0 to `seats` - 1, without repeats. A
    guest takes at most one seat, a seat takes at most one guest. Return the largest number of
    guests that can sit on a seat they like.
    >>> most_pairs([[0, 1], [0], [1]], 2)
    2
    >>> most_pairs([[2], []], 3)
    1
    """


def reference(likes, seats):
    """O(m sqrt n): all shortest ways to one more pair at once (Hopcroft and Karp)."""
    taker = [-1] * seats
    place = [-1] * len(likes)
    count = 0
    for guest, liked in enumerate(likes):
        for seat in liked:
            if taker[seat] < 0:
                taker[seat] = guest
                place[guest] = seat
                count += 1
                break
    while True:
        depth = [0 if seat < 0 else -1 for seat in place]
        layer = [guest for guest, seat in enumerate(place) if seat < 0]
        free, level = False, 0
        while layer and not free:
            level += 1
            following = []
            for guest in layer:
                for seat in likes[guest]:
                    other = taker[seat]
                    if other < 0:
                        free = True
                    elif depth[other] < 0:
                        depth[other] = level
                        following.append(other)
            layer = following
        if not free:
            return count
        left = [iter(liked) for liked in likes]
        for start in range(len(likes)):
            if place[start] >= 0:
                continue
            path, seats_tried = [start], []
            while path:
                guest = path[-1]
                for seat in left[guest]:
                    other = taker[seat]
                    if other < 0:
                        seats_tried.append(seat)
                        for walker, taken in zip(path, seats_tried):
                            taker[taken] = walker
                            place[walker] = taken
                        count += 1
                        path = []
                        break
                    if depth[other] == depth[guest] + 1:
                        seats_tried.append(seat)
                        path.append(other)
                        break
                else:
                    path.pop()
                    if seats_tried:
                        seats_tried.pop()


def mid(likes, seats):
    """O(n m): one breadth-first search per guest, after a first seating in order."""
    taker = [-1] * seats
    count = 0
    waiting = []
    for guest, liked in enumerate(likes):
        for seat in liked:
            if taker[seat] < 0:
                taker[seat] = guest
                count += 1
                break
        else:
            waiting.append(guest)
    seat_of = {guest: seat for seat, guest in enumerate(taker) if guest >= 0}
    dead = [False] * seats  # a search that found nothing closes its seats for good
    for start in waiting:
        came = {}
        queue = [start]
        end = -1
        for guest in queue:
            for seat in likes[guest]:
                if dead[seat] or seat in came:
                    continue
                came[seat] = guest
                if taker[seat] < 0:
                    end = seat
                    break
                queue.append(taker[seat])
            if end >= 0:
                break
        if end < 0:
            for seat in came:
                dead[seat] = True
            continue
        count += 1
        while end >= 0:
            guest = came[end]
            before = seat_of.get(guest, -1)
            taker[end] = guest
            seat_of[guest] = end
            end = before
    return count


def naive(likes, seats):
    """O(n m): one depth-first search per guest."""
    import sys

    sys.setrecursionlimit(100_000)
    taker = [-1] * seats

    def sit(guest, seen):
        for seat in likes[guest]:
            if seat not in seen:
                seen.add(seat)
                if taker[seat] < 0 or sit(taker[seat], seen):
                    taker[seat] = guest
                    return True
        return False

    return sum(sit(guest, set()) for guest in range(len(likes)))


def fast_wrong(likes, seats):
    """Wrong: guests with few wishes first, each on the first free seat. O(m)."""
    taken = set()
    for liked in sorted(likes, key=len):
        for seat in liked:
            if seat not in taken:
                taken.add(seat)
                break
    return len(taken)


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([], 0),
        ([[]], 1),
        ([[0]], 1),
        ([[0], [0], [0]], 2),
        ([[0, 1], [0, 2], [1, 2], [0, 1]], 3),
        ([[0, 1], [1, 2], [0], [3, 0], [3]], 5),
        ([[0, 1], [0, 2], [2, 0]], 3),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    if cid % 2:
        return [random.sample(range(size), min(size, 3)) for _ in range(size)], size
    # Half of the guests fill half of the seats among themselves. For each late guest a whole chain
    # of guests must move on; all other wishes of his lead into the full half, and to no end.
    half = size // 2
    wishes = [[i, (2 * i + 1) % half, random.randrange(half)] for i in range(half)]
    likes = [list(dict.fromkeys(seats)) for seats in wishes]
    late, seat = [], half
    for _ in range(size // 30):
        length = random.randint(10, 13)
        late.append([*random.sample(range(half), 2), seat])
        likes += [[i, i + 1] for i in range(seat, seat + length)]
        seat += length + 1
    return likes + late, seat


def __check(input, answer, output):
    return type(output) is int and output == answer
