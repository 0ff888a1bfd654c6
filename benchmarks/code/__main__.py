"""python -m benchmarks.code: build the files of problems and samples from their sources."""

from benchmarks.code import build


def main() -> None:
    changed = build.write()
    for path in changed:
        print(f"wrote {path.relative_to(build.HERE)}")
    if not changed:
        print("all files are up to date")


if __name__ == "__main__":
    main()
