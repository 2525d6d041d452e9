"""What a definition in the package uses, read from the source and not from memory."""

import ast
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby, starmap
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
NAME = PACKAGE.name
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Place = tuple[str, str]  # file in the package, name at its top level; "" is all of it


@dataclass(frozen=True)
class Piece:
    """One statement at the top of a file: a hash of it, and the names that it uses."""

    hash: str
    names: tuple[tuple[str, ...], ...]  # ("store", "save") for store.save
    imports: dict[str, str]  # made inside it: name -> dotted path in the package


@dataclass
class Source:
    """One file.

    Args:
        whole: a hash of all of it, as the first records have it.
        bound: name at the top level -> what defines it.
        loose: what defines nothing and is carried out all the same.
        imports: name -> dotted path in the package.
    """

    whole: str
    bound: dict[str, list[Piece]] = field(default_factory=dict)
    loose: list[Piece] = field(default_factory=list)
    imports: dict[str, str] = field(default_factory=dict)


class Code:
    """The source of the package in a folder, each file read once.

    Args:
        package: the folder.
        silent: name of a decorator; what a function with it does is not looked at.
    """

    def __init__(self, package: Path, silent: str = "") -> None:
        self.package, self.silent = package, silent
        self._sources: dict[str, Source] = {}

    def source(self, path: str) -> Source:
        """Return one file, by its path in the package."""
        if path not in self._sources:
            text = (self.package / path).read_text(encoding="utf-8")
            self._sources[path] = _source(text, path, self.silent)
        return self._sources[path]

    def reached(
        self, places: Iterable[Place], left_out: Callable[[str], bool]
    ) -> set[Place]:
        """Return these places and all that their code uses, without some files."""
        todo, seen = list(places), set()
        while todo:
            place = todo.pop()
            if place not in seen and not left_out(place[0]):
                seen.add(place)
                todo += self._used_by(*place)
        return seen

    def pieces(self, path: str, name: str) -> list[Piece]:
        """Return what defines a name; all of the file if that cannot be seen."""
        source = self.source(path)
        found = source.bound.get(name) or chain.from_iterable(source.bound.values())
        return [*found, *source.loose]

    def _used_by(self, path: str, name: str) -> Iterator[Place]:
        source = self.source(path)
        for piece in self.pieces(path, name):
            imports = source.imports | piece.imports
            for root, *rest in piece.names:
                if root in imports:
                    yield from self._find("", [*_split(imports[root]), *rest])
                elif root in source.bound:
                    yield path, root

    def _find(self, folder: str, names: list[str]) -> Iterator[Place]:
        """Follow a dotted path through folders, then files, then what they import."""
        here = self.package / folder
        if names and (here / f"{names[0]}.py").is_file():
            yield from self._member(f"{folder}{names[0]}.py", names[1:])
        elif names and (here / names[0]).is_dir():
            yield from self._find(f"{folder}{names[0]}/", names[1:])
        else:
            yield from self._member(f"{folder}__init__.py", names)

    def _member(self, path: str, names: list[str]) -> Iterator[Place]:
        name, *rest = names or [""]
        if name in self.source(path).imports:
            passed_on = _split(self.source(path).imports[name])
            yield from self._find("", [*passed_on, *rest])
        else:
            yield path, name


def _source(text: str, path: str, silent: str = "") -> Source:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and _has_decorator(node, silent):
            node.body = [ast.Pass()]
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            body[0].value.value = ""
    source = Source(_hash(ast.unparse(tree)))
    for statement in tree.body:
        if _is_text(statement) or _is_for_the_command_line(statement):
            continue
        if isinstance(statement, ast.Import | ast.ImportFrom):
            _add_imports(source, statement, path)
            continue
        names = list(_binds(statement))
        piece = _piece(statement, path)
        if not isinstance(statement, DEFINITIONS):  # "try: import", for one
            source.imports |= piece.imports
        for name in names:
            source.bound.setdefault(name, []).append(piece)
        if not names:
            source.loose.append(piece)
    return source


def _add_imports(source: Source, statement: ast.stmt, path: str) -> None:
    ours = _imports(statement, path)
    source.imports |= ours
    for alias in statement.names:  # from elsewhere: the import is all there is of it
        name = alias.asname or alias.name.split(".")[0]
        if name not in ours:
            one = ast.copy_location(type(statement)(**vars(statement)), statement)
            one.names = [alias]
            source.bound.setdefault(name, []).append(_piece(one, path))


def _piece(statement: ast.stmt, path: str) -> Piece:
    imports, names = _imports(statement, path), tuple(_names(statement))
    for node in ast.walk(statement):
        if isinstance(node, ast.ImportFrom) and _base(node, path) is not None:
            node.module, node.level = NAME, 0  # what it finds counts, not where
    return Piece(short_hash(repr(_tree(statement))), names, imports)


def _tree(node: object) -> object:
    """Return code as nested lists, the same ones in each Python: they unparse unlike.

    Later Pythons have fields that earlier ones lack, and empty ones say nothing; 3.12
    leaves neighbouring texts of an f-string apart.
    """
    if isinstance(node, ast.JoinedStr):
        parts = groupby(node.values, lambda value: isinstance(value, ast.Constant))
        return ["JoinedStr", *chain.from_iterable(starmap(_texts_joined, parts))]
    if isinstance(node, ast.AST):
        fields = ((name, _tree(value)) for name, value in ast.iter_fields(node))
        return [type(node).__name__, *(f for f in fields if f[1] not in ("None", []))]
    return [_tree(one) for one in node] if isinstance(node, list) else repr(node)


def _texts_joined(are_texts: bool, values: Iterable[ast.expr]) -> list:
    if are_texts:
        text = "".join(value.value for value in values)
        return [text] if text else []
    return [_tree(value) for value in values]


def _binds(statement: ast.stmt) -> set[str]:
    if isinstance(statement, DEFINITIONS):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        inside = list(chain.from_iterable(map(ast.walk, statement.targets)))
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        inside = list(ast.walk(statement.target))
    else:  # what may define several things: if, try, with, for
        inside = list(ast.walk(statement))
    stored = (n for n in inside if isinstance(getattr(n, "ctx", None), ast.Store))
    names = {n.id for n in stored if isinstance(n, ast.Name)}
    return names | {n.name for n in inside if isinstance(n, DEFINITIONS)}


def _names(node: ast.AST) -> Iterator[tuple[str, ...]]:
    dotted = _dotted(node)
    if dotted:
        yield dotted
    else:
        for child in ast.iter_child_nodes(node):
            yield from _names(child)


def _dotted(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and (above := _dotted(node.value)):
        return (*above, node.attr)
    return ()


def _imports(tree: ast.AST, path: str) -> dict[str, str]:
    """Map the names imported from the package to their dotted paths in it."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = _base(node, path)
            if base is not None:
                for a in node.names:
                    found[a.asname or a.name] = f"{base}.{a.name}".lstrip(".")
        elif isinstance(node, ast.Import):
            for a in node.names:
                root, _, rest = a.name.partition(".")
                if root == NAME:
                    found[a.asname or NAME] = rest if a.asname else ""
    return found


def _base(node: ast.ImportFrom, path: str) -> str | None:
    """Where in the package ``from ... import`` looks, or None for elsewhere."""
    module = node.module or ""
    if node.level:
        folders = path.split("/")[: -node.level]
        return ".".join([*folders, *_split(module)])
    root, _, rest = module.partition(".")
    return rest if root == NAME else None


def _split(dotted: str) -> list[str]:
    return dotted.split(".") if dotted else []


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _has_decorator(function: ast.FunctionDef, name: str) -> bool:
    named = (one.id for one in function.decorator_list if isinstance(one, ast.Name))
    return bool(name) and name in named


def _is_for_the_command_line(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ("__name__",) in _names(node.test)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def short_hash(text: str) -> str:
    """Return 8 hex digits: enough to tell one definition from another."""
    return _hash(text)[:8]
