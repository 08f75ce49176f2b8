"""Floor 2: weights. The published networks' sizes and names, and loading and saving files of them."""

from sam2_notebook.weights.fingerprint import fingerprint
from sam2_notebook.weights.load import load_model, models_folder
from sam2_notebook.weights.presets import EMBEDDED, MODEL_NAMES, PRESETS
from sam2_notebook.weights.save import save_model

__all__ = [
    "EMBEDDED",
    "MODEL_NAMES",
    "PRESETS",
    "fingerprint",
    "load_model",
    "models_folder",
    "save_model",
]
