"""File names made of names from anywhere: harmless on every system, and never two the same."""

import unicodedata

MAX_PART_BYTES = 120
MAX_PARTS = 6
_FORBIDDEN = frozenset('<>:"|?*\\')
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))})


def safe_path(name: str) -> str:
    """A relative path with `/` that stays inside any folder it is put in, on Linux, macOS and Windows.

    >>> safe_path("../../etc/passwd"), safe_path("C:\\\\temp\\\\a.png"), safe_path("nul.txt")
    ('etc/passwd', 'C_/temp/a.png', '_nul.txt')
    """
    parts = [part for part in name.replace("\\", "/").split("/") if part.strip(" .")]
    parts = [_safe_part(part) for part in parts] or ["unnamed"]
    if len(parts) > MAX_PARTS:
        parts = [*parts[: MAX_PARTS - 1], _safe_part("_".join(parts[MAX_PARTS - 1 :]))]
    return "/".join(parts)


class UniqueNames:
    """Safe names, each given once: neither letter case nor the suffix makes a difference, `a.jpg` and `A.png` clash.

    >>> names = UniqueNames()
    >>> names.take("a.jpg"), names.take("A.png"), names.take("b/a.jpg", flat=True)
    ('a.jpg', 'A~2.png', 'b__a.jpg')
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str, *, flat: bool = False) -> str:
        """A safe, unused name; `flat` puts `__` where folders end, so that all files are in one folder."""
        path = safe_path(name)
        if flat:
            path = _safe_part(path.replace("/", "__"))
        folder, _, last = path.rpartition("/")
        stem, suffix = _split(last)
        number = 1
        while True:
            unique = stem if number == 1 else f"{stem}~{number}"
            candidate = f"{folder}/{unique}" if folder else unique
            key = unicodedata.normalize("NFKC", candidate).casefold()
            if key not in self._taken:
                self._taken.add(key)
                return candidate + suffix
            number += 1


def without_suffix(path: str) -> str:
    """A name that `UniqueNames` gave, without the suffix.

    >>> without_suffix("a.b/c.d.png")
    'a.b/c.d'
    """
    folder, slash, last = path.rpartition("/")
    return folder + slash + _split(last)[0]


def _safe_part(part: str) -> str:
    text = unicodedata.normalize("NFC", part)
    text = "".join("_" if c in _FORBIDDEN or unicodedata.category(c) in _INVISIBLE else c for c in text)
    text = text.strip().rstrip(". ")
    if text.startswith("."):
        text = f"_{text[1:]}"
    stem, suffix = _split(text)
    if len(text.encode()) > MAX_PART_BYTES:
        stem = stem.encode()[: MAX_PART_BYTES - len(suffix.encode())].decode("utf-8", "ignore").rstrip(". ")
    if text.split(".")[0].rstrip().lower() in _DEVICES:
        stem = f"_{stem}"
    return stem + suffix or "unnamed"


def _split(name: str) -> tuple[str, str]:
    """Stem and suffix; a long one is none."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and len(suffix) <= 8 else (name, "")
