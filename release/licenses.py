"""The licenses of the crates that are compiled into a wheel.

`python -m release.licenses --table` prints the table of docs/project/licenses.md, and
`python -m release.licenses --texts FILE` writes the text of every license, which wheels contain.
Both read `cargo metadata` and the sources that cargo has fetched.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "humorrank-python"
"""The crate that becomes the compiled module of a wheel."""

TARGETS = (
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)
"""The targets for which wheels are released."""

_TEXTS_OF = {"alloc-stdlib": "alloc-no-stdlib", "flatbuffers": "arrow-ipc"}
"""Crates that do not contain the text of their license, and a crate that contains it: one of the
same authors, or any one for Apache-2.0, whose text names no authors."""

_NAMES = re.compile(r"(licen[cs]e|copying|notice|unlicense)", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Crate:
    """A crate from the registry that a wheel contains.

    Attributes:
        name: Name.
        version: Version.
        license: SPDX expression, with "/" of old crates replaced by "OR".
        source: Folder with the sources.
    """

    name: str
    version: str
    license: str
    source: Path

    def texts(self) -> list[Path]:
        """The files that hold the license and its notices.

        Raises:
            FileNotFoundError: If the crate ships no such file.
        """
        holder = _TEXTS_OF.get(self.name)
        source = self.source if holder is None else max(self.source.parent.glob(f"{holder}-[0-9]*"))
        found = sorted(path for path in source.iterdir() if _NAMES.match(path.name))
        files = [path for path in found if path.is_file()]
        files += sorted(path for folder in found if folder.is_dir() for path in folder.iterdir())
        if not files:
            raise FileNotFoundError(f"{self.name} {self.version} has no file with its license")
        return files


def linked(targets: tuple[str, ...] = TARGETS) -> list[Crate]:
    """The crates that wheels for any of the targets contain, sorted by name and version.

    Crates that only run while the wheel is built (build scripts, macros) are left out.
    """
    return sorted({crate for target in targets for crate in _linked(target)})


def _linked(target: str) -> set[Crate]:
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform", target]
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    data = json.loads(output.stdout)
    packages = {package["id"]: package for package in data["packages"]}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    todo = [key for key, package in packages.items() if package["name"] == PACKAGE]
    seen: set[str] = set()
    while todo:
        key = todo.pop()
        if key in seen or _is_macro(packages[key]):
            continue
        seen.add(key)
        todo += [
            dependency["pkg"]
            for dependency in nodes[key]["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
        ]
    return {_crate(packages[key]) for key in seen if packages[key]["source"]}


def _is_macro(package: dict) -> bool:
    return any("proc-macro" in target["kind"] for target in package["targets"])


def _crate(package: dict) -> Crate:
    expression = (package["license"] or "").replace("/", " OR ")
    source = Path(package["manifest_path"]).parent
    return Crate(package["name"], package["version"], expression, source)


def allowed() -> frozenset[str]:
    """The licenses that deny.toml allows."""
    with (ROOT / "deny.toml").open("rb") as file:
        return frozenset(tomllib.load(file)["licenses"]["allow"])


def permits(expression: str, licenses: frozenset[str]) -> bool:
    """Whether an SPDX expression can be satisfied with these licenses alone.

    `AND` binds more strongly than `OR`, and parentheses are read.
    """
    tokens = re.findall(r"\(|\)|[^\s()]+(?:\s+WITH\s+[^\s()]+)?", expression)

    def either() -> bool:
        satisfied = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            satisfied = both() or satisfied
        return satisfied

    def both() -> bool:
        satisfied = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            satisfied = one() and satisfied
        return satisfied

    def one() -> bool:
        if not tokens:
            return False
        token = tokens.pop(0)
        if token == "(":
            satisfied = either()
            return bool(tokens) and tokens.pop(0) == ")" and satisfied
        return " ".join(token.split()) in licenses

    return either() and not tokens


def table(crates: list[Crate]) -> str:
    """A table of crates in Markdown."""
    rows = [f"| {crate.name} | {crate.version} | {crate.license} |" for crate in crates]
    return "\n".join(["| crate | version | license |", "|---|---|---|", *rows]) + "\n"


def texts(crates: list[Crate]) -> str:
    """The texts of the licenses. Crates whose texts are equal share one section."""
    sections: dict[str, list[str]] = {}
    for crate in crates:
        text = "\n\n".join(
            path.read_text(encoding="utf-8", errors="replace").strip() for path in crate.texts()
        )
        sections.setdefault(text, []).append(f"{crate.name} {crate.version} ({crate.license})")
    rule = "=" * 80
    return "\n".join(
        "\n".join([rule, *names, rule, "", text, ""]) for text, names in sections.items()
    )


def main() -> None:
    """Prints the table or writes the texts."""
    parser = argparse.ArgumentParser(description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--table", action="store_true", help="print the table in Markdown")
    action.add_argument("--texts", type=Path, metavar="FILE", help="write the license texts")
    parser.add_argument("--target", choices=TARGETS, help="one target (default: all of them)")
    options = parser.parse_args()
    crates = linked((options.target,) if options.target else TARGETS)
    if options.table:
        print(table(crates), end="")
    else:
        options.texts.write_text(texts(crates), encoding="utf-8")


if __name__ == "__main__":
    main()
