"""Labels: classes, annotations and datasets as values, a store that loses nothing, and formats in and out.

`schema` holds the values, `store` keeps them in SQLite or PostgreSQL, `export` and `importers` speak the formats of
others, `survey` and `figures` look at the data, `queue` and `agreement` say what to label next and how well it went.
"""

from sam2_notebook.labels.schema import Annotation, Dataset, LabeledImage
from sam2_notebook.values.classes import Attribute, LabelClass

__all__ = ["Annotation", "Attribute", "Dataset", "LabelClass", "LabeledImage"]
