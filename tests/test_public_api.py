"""The public names are a list, and this test owns it."""

import subprocess
import sys

import pytest

import sam2_notebook

PUBLIC = {
    "Annotation", "AutomaticMasker", "AutomaticSettings", "Box", "ConflictError", "Dataset", "DynamicSegmenter",
    "DynamicSession",
    "EditError", "EmbeddingCache", "EncodedImage", "Image", "ImagePredictor", "ImageSegmenter", "LabelClass",
    "LabelError", "LabelStore", "LabeledImage", "Labeler", "MediaError", "ModelError", "Point", "PromptError",
    "Prompts", "ProtocolError", "SAM", "SAM2DynamicInteractivePredictor", "SAM2VideoPredictor", "Sam2NotebookError",
    "Segmentation", "Size", "StoreError", "VideoPredictor", "VideoSegmenter", "VideoSession", "auto_annotate",
    "draw_masks", "export", "finetune", "load_model", "make_scene", "open_video", "read_image", "read_labels",
    "save_model", "write_video",
}  # fmt: skip


def test_public_names_are_the_agreed_ones() -> None:
    assert set(sam2_notebook.__all__) == PUBLIC
    assert set(sam2_notebook._HOMES) == PUBLIC


def test_every_public_name_can_be_had_and_is_documented() -> None:
    for name in sorted(PUBLIC):
        value = getattr(sam2_notebook, name)
        assert value.__name__ == name
        assert value.__doc__, f"{name} has no docstring"


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Segmentor"):
        getattr(sam2_notebook, "Segmentor")  # noqa: B009


def test_importing_the_package_loads_neither_torch_nor_widgets() -> None:
    code = "import sys, sam2_notebook; sys.exit(any(m in sys.modules for m in ('torch', 'anywidget', 'matplotlib')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
