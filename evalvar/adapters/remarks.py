"""Remarks that fifty files make alike are said once, with their counts added up."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from evalvar.errors import counted

# {0} is the first count alone, {0:row} with its noun, {0:was/were} a word that goes with it.
_PLACE = re.compile(r"\{(\d)(?::([^{}]+))?\}")


class Remark(str):
    """A sentence about one file that can be put together with its like from other files.

    Parameters
    ----------
    template : str
        The sentence; ``{0}``, ``{1:row}`` stand for counts, the latter with its noun,
        ``{0:was/were}`` for the word that goes with a count, ``{example}`` for the first example.
    *counts : int
        Numbers that are added up over files.
    file : Path, optional
        The file, when the reader of the remark needs to know it.
    example : str
        What the sentence shows; that of the first file is kept.
    made_up : str
        Key column that the file does not tell, where the remark says so: a label fills it.
    asks : str
        Metric whose orientation the remark asks for.
    """

    template: str
    counts: tuple[int, ...]
    file: str
    example: str
    made_up: str
    asks: str

    def __new__(
        cls,
        template: str,
        *counts: int,
        file: Path | None = None,
        example: str = "",
        made_up: str = "",
        asks: str = "",
    ) -> "Remark":
        """Fill in the template."""
        name = str(file) if file is not None else ""
        made = super().__new__(cls, _sentence(template, counts, [name] if name else [], example))
        made.template, made.counts, made.file, made.example = template, counts, name, example
        made.made_up, made.asks = made_up, asks
        return made


def fold(remarks: Iterable[tuple[str, Mapping[str, str]]]) -> list[str]:
    """Put together remarks that differ only in file, counts and example.

    Parameters
    ----------
    remarks : iterable of (str, mapping)
        Each with the paths that it may name, mapped to the form in which they are shown.
    """
    groups: dict[str, list[tuple[Remark, str]]] = {}
    for remark, shown in remarks:
        if isinstance(remark, Remark):
            groups.setdefault(remark.template, []).append(
                (remark, shown.get(remark.file, remark.file))
            )
        else:
            for path, name in shown.items():
                remark = remark.replace(path, name)
            groups.setdefault(remark, [])
    sentences: list[str] = []
    for template, members in groups.items():
        if not members:
            sentences.append(template)
            continue
        counts = tuple(map(sum, zip(*(remark.counts for remark, _ in members), strict=True)))
        files = list(dict.fromkeys(name for _, name in members if name))
        sentences.append(_sentence(template, counts, files, members[0][0].example))
    return sentences


def _sentence(template: str, counts: tuple[int, ...], files: list[str], example: str) -> str:
    template = _PLACE.sub(
        lambda place: (
            _filled(counts[int(place[1])], place[2] or "")
            if int(place[1]) < len(counts)
            else place[0]
        ),
        template,
    )
    template = template.replace("{example}", example)
    if not files:
        return template
    where = files[0] if len(files) == 1 else f"{len(files)} files (first {files[0]})"
    return f"{where}: {template}"


def _filled(count: int, word: str) -> str:
    if "/" in word:
        return word.split("/")[count != 1]
    return counted(count, word) if word else f"{count:,}"
