"""The eight published files: what they are called, where they lie, and how to know them."""

from dataclasses import dataclass

_OFFICIAL = "https://dl.fbaipublicfiles.com/segment_anything_2"


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """One file as its publisher put it up; `size` in bytes, `sha256` in lower-case hexadecimal."""

    name: str
    size: int
    sha256: str
    url: str
    repository: str

    def __post_init__(self) -> None:
        """Refuse what could match no file at all."""
        if self.size <= 0 or len(self.sha256) != 64 or not set(self.sha256) <= set("0123456789abcdef"):
            raise ValueError(f"{self.name} needs a size and 64 hexadecimal digits, got {self.size}, {self.sha256!r}")


# Meta publishes no checksums. Each digest below is stated alike by at least three independent public projects
# (among them micro-sam and 3D Slicer's extensions); together with the size it pins the content, whatever the source.
_SIZES_AND_DIGESTS = {
    "sam2.1_hiera_tiny": (156_008_466, "7402e0d864fa82708a20fbd15bc84245c2f26dff0eb43a4b5b93452deb34be69"),
    "sam2.1_hiera_small": (184_416_285, "6d1aa6f30de5c92224f8172114de081d104bbd23dd9dc5c58996f0cad5dc4d38"),
    "sam2.1_hiera_base_plus": (323_606_802, "a2345aede8715ab1d5d31b4a509fb160c5a4af1970f199d9054ccfb746c004c5"),
    "sam2.1_hiera_large": (898_083_611, "2647878d5dfa5098f2f8649825738a9345572bae2d4350a2468587ece47dd318"),
    "sam2_hiera_tiny": (155_906_050, "65b50056e05bcb13694174f51bb6da89c894b57b75ccdf0ba6352c597c5d1125"),
    "sam2_hiera_small": (184_309_650, "95949964d4e548409021d47b22712d5f1abf2564cc0c3c765ba599a24ac7dce3"),
    "sam2_hiera_base_plus": (323_493_298, "d0bb7f236400a49669ffdd1be617959a8b1d1065081789d7bbff88eded3a8071"),
    "sam2_hiera_large": (897_952_466, "7442e4e9b732a508f80e141e7c2913437a3610ee0c77381a66658c3a445df87b"),
}


def _file(model: str, size: int, sha256: str) -> PublishedFile:
    day = "092824" if model.startswith("sam2.1") else "072824"
    return PublishedFile(
        name=f"{model}.pt",
        size=size,
        sha256=sha256,
        url=f"{_OFFICIAL}/{day}/{model}.pt",
        repository="facebook/" + model.replace("_", "-"),
    )


PUBLISHED_FILES: dict[str, PublishedFile] = {model: _file(model, *known) for model, known in _SIZES_AND_DIGESTS.items()}
