"""The sizes of a SAM 2 network. Fields are what published checkpoints, or a small relative of them, differ in."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Sam2Config:
    """Sizes of one network; the defaults are the image half of SAM 2 tiny. Bad values raise ValueError.

    `embed_dim` and `heads` are those of the trunk's first stage and double at each further one (paper, appendix on
    Hiera); `windows` are tokens per side; `global_blocks` attend over the whole picture; `position_grid` is the side of
    the learned background position grid. `prompts` chooses how clicks reach the dense input: "tokens" as published,
    "raster" also draws them, which teaches a small network where to look.

    `memory_layers` is the depth of memory attention (4 as published), 0 for a network of pictures only; memories have
    `memory_dim` channels. `version` tells SAM 2.1, which marks absent objects and the age of pointers, from SAM 2.
    `decoder_mlp_dim` is the inner width of both the mask decoder's and memory attention's MLPs.

    >>> Sam2Config(image_size=512, embed_dim=32, stages=(1, 2, 5, 1), global_blocks=(5,)).grid
    32
    """

    image_size: int = 1024
    embed_dim: int = 96
    heads: int = 1
    stages: tuple[int, int, int, int] = (1, 2, 7, 2)
    windows: tuple[int, int, int, int] = (8, 4, 14, 7)
    global_blocks: tuple[int, ...] = (5, 7, 9)
    position_grid: int = 7
    dim: int = 256
    decoder_mlp_dim: int = 2048
    prompts: Literal["tokens", "raster"] = "tokens"
    memory_layers: int = 0
    memory_dim: int = 64
    version: Literal["2.0", "2.1"] = "2.1"

    def __post_init__(self) -> None:
        self._check_trunk()
        if self.dim < 32 or self.dim % 32:
            raise ValueError(f"dim must be a positive multiple of 32, got {self.dim}")
        if self.decoder_mlp_dim < 1:
            raise ValueError(f"decoder_mlp_dim must be 1 or more, got {self.decoder_mlp_dim}")
        if self.prompts not in ("tokens", "raster"):
            raise ValueError(f'prompts must be "tokens" or "raster", got {self.prompts!r}')
        if self.memory_layers < 0:
            raise ValueError(f"memory_layers must be 0 or more, got {self.memory_layers}")
        if self.memory_layers and (self.memory_dim < 4 or self.memory_dim % 4 or self.dim % self.memory_dim):
            raise ValueError(f"memory_dim must be a multiple of 4 that divides dim {self.dim}, got {self.memory_dim}")
        if self.version not in ("2.0", "2.1"):
            raise ValueError(f'version must be "2.0" or "2.1", got {self.version!r}')

    def _check_trunk(self) -> None:
        if self.image_size < 32 or self.image_size % 32:
            raise ValueError(f"image_size must be a positive multiple of 32, got {self.image_size}")
        if len(self.stages) != 4 or min(self.stages) < 1:
            raise ValueError(f"stages must be four block counts of at least 1, got {self.stages}")
        if len(self.windows) != 4 or min(self.windows) < 1:
            raise ValueError(f"windows must be four sides of at least 1 token, got {self.windows}")
        if any(side % 2 for side in self.windows[:3]):
            raise ValueError(f"the first three windows must be even, as pooling halves them, got {self.windows}")
        if self.heads < 1 or self.embed_dim < 1 or self.embed_dim % self.heads:
            raise ValueError(f"embed_dim {self.embed_dim} must be a positive multiple of heads {self.heads}")
        if self.position_grid < 1:
            raise ValueError(f"position_grid must be 1 or more, got {self.position_grid}")
        starts = self.pooling_blocks
        for block in self.global_blocks:
            if not 0 <= block < sum(self.stages) or block in starts:
                raise ValueError(
                    f"global block {block} must be one of the {sum(self.stages)} blocks and not open a stage {starts}"
                )

    @property
    def grid(self) -> int:
        """Side of the feature map prompts meet, in tokens (stride 16)."""
        return self.image_size // 16

    @property
    def mask_size(self) -> int:
        """Side of the low-resolution masks, in pixels (stride 4)."""
        return self.image_size // 4

    @property
    def stage_dims(self) -> tuple[int, int, int, int]:
        """Channels after each stage, shallow first."""
        d = self.embed_dim
        return (d, 2 * d, 4 * d, 8 * d)

    @property
    def stage_ends(self) -> tuple[int, ...]:
        """Index of the last block of each stage."""
        return tuple(sum(self.stages[: i + 1]) - 1 for i in range(4))

    @property
    def pooling_blocks(self) -> tuple[int, ...]:
        """Blocks that open a stage and halve the map."""
        return tuple(end + 1 for end in self.stage_ends[:3])
