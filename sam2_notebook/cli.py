"""`sam2-notebook`: segment a picture from the command line, and see what is installed."""

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from sam2_notebook.errors import PromptError, Sam2NotebookError

app = typer.Typer(
    name="sam2-notebook",
    help="Click in a notebook, get a mask: SAM 2 from the command line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _numbers(text: str, count: int, what: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) != count:
        names = "x,y" if count == 2 else "x0,y0,x1,y1"
        raise PromptError(f"{what} is written {names} in image pixels, without spaces; got {text!r}")
    return values


@app.command()
def segment(  # noqa: PLR0913, PLR0917 -- one argument per option is how typer is told of them
    photo: Annotated[Path, typer.Argument(help="a JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF picture")],
    point: Annotated[list[str] | None, typer.Option(help="x,y on the object; may be repeated")] = None,
    negative: Annotated[list[str] | None, typer.Option(help="x,y not on the object; may be repeated")] = None,
    box: Annotated[str | None, typer.Option(help="x0,y0,x1,y1 around the object")] = None,
    out: Annotated[Path | None, typer.Option(help="where the mask goes, a PNG; beside the photo if left out")] = None,
    model: Annotated[str | None, typer.Option(help="a model's name or a path to weights")] = None,
    all_candidates: Annotated[bool, typer.Option("--all", help="write all three candidates of a click")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print what was found as JSON")] = False,
) -> None:
    """Segment one object of a picture and write its mask as a black and white PNG."""
    from sam2_notebook.media import write_mask_png
    from sam2_notebook.media.paths import is_one_file
    from sam2_notebook.predict import ImagePredictor

    if out is not None and is_one_file(out, photo):
        raise PromptError(f"--out {out} is the photo itself, which would be lost; give another name")
    points = [_numbers(p, 2, "--point") for p in point or ()] + [_numbers(p, 2, "--negative") for p in negative or ()]
    labels = [1] * len(point or ()) + [0] * len(negative or ())
    corners = None if box is None else _numbers(box, 4, "--box")
    predictor = ImagePredictor(model)
    encoded = predictor.encode(photo)
    answer = predictor.segment(
        encoded, points or None, labels or None, corners, multimask=True if all_candidates else None
    )
    order = np.argsort(-answer.scores)[: len(answer.scores) if all_candidates else 1]
    target = out if out is not None else photo.with_name(f"{photo.stem}_mask.png")
    found = []
    for rank, row in enumerate(order):
        path = target if rank == 0 else target.with_name(f"{target.stem}_{rank + 1}{target.suffix}")
        write_mask_png(answer.masks[row], path)
        found.append(_description(answer.masks[row], float(answer.scores[row]), path))
    if as_json:
        size = encoded.size
        report = {
            "image": str(photo), "width": size.width, "height": size.height, "model": predictor.model_name,
            "object_score": float(answer.object_score[0]), "masks": found,
        }  # fmt: skip
        typer.echo(json.dumps(report, indent=2))
    else:
        for entry in found:
            share = 100 * entry["area"] / encoded.size.area
            typer.echo(f"{entry['file']}: {share:.1f} % of the picture, predicted IoU {entry['score']:.2f}")


def _description(mask: npt.NDArray[np.bool_], score: float, path: Path) -> dict[str, object]:
    from sam2_notebook.values.masks import Rle, area, bounding_box

    found = bounding_box(mask)
    return {
        "file": str(path),
        "score": round(score, 4),
        "area": area(mask),
        "box": None if found is None else found.as_tuple(),
        "rle": Rle.from_mask(mask).to_coco(),
    }


Words = Annotated[list[str] | None, typer.Argument(help="name=value, as on the page: model, source, points, ...")]
AsJson = Annotated[bool, typer.Option("--json", help="one line of JSON per picture or frame, with COCO masks")]


@app.command()
def predict(words: Words = None, as_json: AsJson = False) -> None:
    """Segment pictures or a video: model=sam2.1_b.pt source=photo.jpg points=[900,370] labels=[1].

    Without points, bboxes or masks everything is segmented; a video is tracked. Results are saved under runs/segment
    unless save=False.
    """
    from sam2_notebook.facade import command

    for result in command.predict(words or ()):
        typer.echo(command.json_of(result) if as_json else result.verbose())


@app.command()
def track(words: Words = None, as_json: AsJson = False) -> None:
    """Follow what is prompted in the first frame: model=sam2_b.pt source=video.mp4 points=[920,470]."""
    from sam2_notebook.facade import command

    for result in command.track(words or ()):
        typer.echo(command.json_of(result) if as_json else result.verbose())


@app.command()
def annotate(words: Words = None) -> None:
    """Label a folder of pictures: data=photos det_model=boxes.json sam_model=sam2_b.pt output_dir=labels.

    Also, as in Python: device, conf, iou, imgsz, max_det, classes=[0,2]; engine=ray workers=8 for a cluster;
    progress=False. det_model=None segments everything, sam_model=embedded takes the model in the package.
    """
    from sam2_notebook.facade import command

    report = command.annotate(words or ())
    typer.echo(str(report))
    for file, reason in report.failures.items():
        typer.echo(f"  {file}: {reason}", err=True)


@app.command()
def download(
    names: Annotated[list[str], typer.Argument(help="published models, such as sam2.1_hiera_small")],
    mirror: Annotated[str | None, typer.Option(help="URL of a folder that holds the files")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress bar")] = False,
) -> None:
    """Bring published weights to this computer, or check those that are there."""
    from sam2_notebook.weights.download import download as bring

    for name in names:
        typer.echo(bring(name, mirror=mirror, progress=not quiet))


@app.command()
def info() -> None:
    """Show versions, devices, models and the cache."""
    import torch

    from sam2_notebook.weights import EMBEDDED, PRESETS
    from sam2_notebook.weights.load import cached, models_folder

    typer.echo(f"sam2_notebook  {_version('sam2_notebook')}")
    typer.echo(f"python         {platform.python_version()} on {platform.platform()}")
    for package in ("torch", "anywidget", "ipywidgets", "ipykernel", "jupyterlab", "notebook"):
        typer.echo(f"{package:<15}{_version(package)}")
    devices = ["cpu", *(f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count()))]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    typer.echo(f"devices        {', '.join(devices)}; {torch.get_num_threads()} threads")
    folder = models_folder()
    kept = sorted(folder.glob("*")) if folder.is_dir() else []
    total = sum(f.stat().st_size for f in kept if f.is_file())
    typer.echo(f"cache          {folder} ({len(kept)} files, {total / 1e6:.0f} MB)")
    states = [f"{EMBEDDED} (in the package)"]
    states += [f"{name} ({'in the cache' if cached(name) else 'not on this computer'})" for name in PRESETS]
    typer.echo("models         " + "\n               ".join(states))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def main() -> None:
    """Run the command line; an error of ours is told in one line, exit code 1."""
    try:
        app()
    except Sam2NotebookError as error:
        typer.echo(f"sam2-notebook: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
