"""What a line holds after many keys, with a cursor that moves."""

TAG = "algorithm design"
LEVELS = (8, 15_000, 45_000, 90_000)


def typed_text(keys: str) -> str:
    """A line is empty at first. Of the keys, '<' and '>' move the cursor one letter to the left
    and right, '#' deletes the letter to the left of the cursor, and any other key puts its
    letter at the cursor, which then stands behind it. At an end of the line, a key that cannot
    work does nothing. Return the line after all keys.
    >>> typed_text("ac<b>d")
    'abcd'
    >>> typed_text("#<x#>")
    ''
    """


def reference(keys):
    """O(n): the letters left and right of the cursor in two stacks."""
    left, right = [], []
    put, move = left.append, right.append
    for key in keys:
        if key == "<":
            if left:
                move(left.pop())
        elif key == ">":
            if right:
                put(right.pop())
        elif key == "#":
            if left:
                left.pop()
        else:
            put(key)
    right.reverse()
    return "".join(left + right)


def mid(keys):
    """O(n): letters linked to their neighbours."""
    letters, before, after = [""], [0], [0]
    cursor = 0  # the letter to the left of the cursor; 0 is the start of the line
    for key in keys:
        if key == "<":
            cursor = before[cursor] if cursor else 0
        elif key == ">":
            if after[cursor]:
                cursor = after[cursor]
        elif key == "#":
            if cursor:
                left, right = before[cursor], after[cursor]
                after[left] = right
                if right:
                    before[right] = left
                cursor = left
        else:
            new, right = len(letters), after[cursor]
            letters.append(key)
            before.append(cursor)
            after.append(right)
            after[cursor] = new
            if right:
                before[right] = new
            cursor = new
    line, at = [], after[0]
    while at:
        line.append(letters[at])
        at = after[at]
    return "".join(line)


def naive(keys):
    """O(n^2): cuts the line at the cursor for every letter."""
    line, cursor = "", 0
    for key in keys:
        if key == "<":
            cursor = max(0, cursor - 1)
        elif key == ">":
            cursor = min(len(line), cursor + 1)
        elif key == "#":
            if cursor:
                line = line[: cursor - 1] + line[cursor:]
                cursor -= 1
        else:
            line = line[:cursor] + key + line[cursor:]
            cursor += 1
    return line


def fast_wrong(keys):
    """Wrong: drops keys that seem to undo each other, also at the ends of the line. O(n)."""
    for pair in ("<>", "><"):
        keys = keys.replace(pair, "")
    left, right = [], []
    for key in keys:
        if key == "<":
            if left:
                right.append(left.pop())
        elif key == ">":
            if right:
                left.append(right.pop())
        elif key == "#":
            if left:
                left.pop()
        else:
            left.append(key)
    return "".join(left + right[::-1])


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = ["", "x", "<<>>##", "ab<<c<>d", "ab##c", "abc<<<###x", "ab><c", "<>a<>b<<<>c"]
    if lid == 0 and cid < len(corners):
        return (corners[cid],)
    # Letters, moves to the left, to the right, and deletions, in shares that keep the line long.
    weights = [(6, 2, 1, 1), (4, 2, 2, 1), (8, 3, 3, 1), (1, 0, 0, 0)][cid % 4]
    kinds = random.choices(["letter", "<", ">", "#"], weights, k=size)
    keys = [random.choice("abcdefgh") if kind == "letter" else kind for kind in kinds]
    if cid % 4 == 3:  # a long text, then letters near its start
        half = size // 2
        keys[half - half // 2 : half] = "<" * (half // 2)
    return ("".join(keys),)


def __check(input, answer, output):
    return type(output) is str and output == answer
