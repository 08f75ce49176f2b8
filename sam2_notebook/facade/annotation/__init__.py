"""`auto_annotate` and its rooms: detectors, one picture's labels, folders, shards, a cluster, the report."""

from sam2_notebook.facade.annotation.annotate import auto_annotate
from sam2_notebook.facade.annotation.report import AnnotationReport

__all__ = ["AnnotationReport", "auto_annotate"]
