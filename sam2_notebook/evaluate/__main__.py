"""Measure a model on pictures, videos and sets of pictures: `python -m sam2_notebook.evaluate --data FOLDER`."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from sam2_notebook.evaluate.covering import CoverSummary, Masker, MeanShift, ModelMasker, cover
from sam2_notebook.evaluate.data import choose, davis_clips, is_davis, made_clips, photos_of
from sam2_notebook.evaluate.finders import Finder, ModelFinder, TemplateFinder
from sam2_notebook.evaluate.finding import FindSummary, find_in_others
from sam2_notebook.evaluate.followers import FlowFollower, Follower, ModelFollower, Stay
from sam2_notebook.evaluate.run import evaluate, evaluate_clips
from sam2_notebook.evaluate.scribbles import measure_scribbles
from sam2_notebook.evaluate.sets import made_sets
from sam2_notebook.evaluate.sheets import ClipSheet, picture_sheet
from sam2_notebook.evaluate.subjects import GrabCut, ModelSubject
from sam2_notebook.evaluate.table import Row, head, write_results
from sam2_notebook.metrics import Subject, Summary, TrackSummary, summarize, summarize_tracks
from sam2_notebook.predict import AutomaticMasker, AutomaticSettings, DynamicSession, ImagePredictor
from sam2_notebook.predict.video import VideoPredictor
from sam2_notebook.training.clips import Clip

EPILOG = """Folders: COCO-style (annotations.json beside images/), label maps (index.json beside images/ and masks/),
or DAVIS-style videos (JPEGImages/ and Annotations/). Only pictures whose entry says the wanted split, or none, count.
Tables go to the screen as they are done; --out also keeps results.md, results.json and picture sheets."""

Clips = Callable[[], Iterator[Clip]]  # makes or reads them anew each time: only one is in memory


def main(words: Sequence[str] | None = None) -> None:
    """Measure a model, and baselines beside it, on labelled pictures and videos."""
    arguments = _parser().parse_args(words)
    rows: list[Row] = []
    pictures = [folder for folder in arguments.data if not is_davis(folder)]
    if pictures and arguments.limit:
        print(head(Summary), flush=True)
        rows += _pictures(pictures, arguments)
        print()
    if pictures and arguments.everything:
        print(head(CoverSummary), flush=True)
        rows += _everything(pictures, arguments)
        print()
    if pictures and arguments.scribbles:
        _scribbles(pictures, arguments)
    clips: list[tuple[str, Clips]] = [(f.name, partial(davis_clips, f)) for f in arguments.data if is_davis(f)]
    if arguments.clips:
        clips.append(("generated clips", partial(made_clips, arguments.clips, arguments.frames)))
        for folder in arguments.cutouts:
            photos = photos_of(folder, arguments.split)
            clips.append((f"cut-outs of {folder.name}", partial(made_clips, arguments.clips, arguments.frames, photos)))
    if clips:
        print(head(TrackSummary), flush=True)
        rows += _videos(clips, arguments)
        print()
    if arguments.sets:
        print(head(FindSummary), flush=True)
        rows += _sets(arguments)
    if arguments.out:
        write_results(arguments.out, rows)


def _pictures(folders: Iterable[Path], arguments: argparse.Namespace) -> list[Row]:
    model = ModelSubject(ImagePredictor(arguments.model, device=arguments.device))
    subjects: list[Subject] = [model] if arguments.no_baseline else [model, GrabCut()]
    rows = []
    for folder in folders:
        objects = choose(photos_of(folder, arguments.split), arguments.limit, arguments.smallest)
        for subject in subjects:
            scores = evaluate(subject, objects, arguments.clicks)
            rows.append(Row(data=folder.name, subject=subject.name, summary=summarize(scores)))
            print(rows[-1], flush=True)
            if arguments.out and subject is model:
                picture_sheet(arguments.out / f"{folder.name}.png", subject, objects, scores)
    return rows


def _everything(folders: Iterable[Path], arguments: argparse.Namespace) -> list[Row]:
    predictor = ImagePredictor(arguments.model, device=arguments.device)
    maskers: list[Masker] = [
        ModelMasker(AutomaticMasker(predictor, AutomaticSettings(points_per_side=side)), predictor.model_name)
        for side in (16, 32)
    ]
    if not arguments.no_baseline:
        maskers.append(MeanShift())
    rows = []
    for folder in folders:
        photos = photos_of(folder, arguments.split)[: arguments.everything]
        for masker in maskers:
            summary = cover(masker, photos, arguments.smallest)
            rows.append(Row(data=folder.name, subject=masker.name, summary=summary))
            print(rows[-1], flush=True)
    return rows


def _scribbles(folders: Iterable[Path], arguments: argparse.Namespace) -> None:
    print("| told of a scribble | objects | mean IoU |\n|---|---|---|", flush=True)
    photos = [photos_of(folder, arguments.split) for folder in folders]
    objects = [item for some in photos for item in choose(some, arguments.limit, arguments.smallest)]
    predictor = ImagePredictor(arguments.model, device=arguments.device)
    for told, scores in measure_scribbles(predictor, objects).items():
        print(f"| {told} | {len(scores)} | {sum(scores) / len(scores):.3f} |", flush=True)
    print()


def _videos(clips: Iterable[tuple[str, Clips]], arguments: argparse.Namespace) -> list[Row]:
    predictor = VideoPredictor(arguments.model, device=arguments.device)
    name = "embedded" if arguments.model is None else Path(arguments.model).name
    model = ModelFollower(predictor, arguments.prompt, name)
    followers: list[Follower] = [model] if arguments.no_baseline else [model, FlowFollower(), Stay()]
    rows = []
    for data, some in clips:
        for follower in followers:
            scores, sheet = [], ClipSheet() if arguments.out and follower is model else None
            for case in evaluate_clips(follower, some()):
                scores.append(case.score)
                if sheet is not None:
                    sheet.add(case)
            summary = summarize_tracks(scores)
            rows.append(Row(data=data, subject=follower.name, summary=summary))
            print(rows[-1], flush=True)
            if sheet is not None:
                sheet.save(arguments.out / f"{data.replace(' ', '_')}.png")
    return rows


def _sets(arguments: argparse.Namespace) -> list[Row]:
    name = "embedded" if arguments.model is None else Path(arguments.model).name
    ways = {f"{name}, by memory": False, f"{name}, by looks": True}
    finders: list[Finder] = [
        ModelFinder(DynamicSession(arguments.model, device=arguments.device, lookalikes=by_looks), words)
        for words, by_looks in ways.items()
    ]
    if not arguments.no_baseline:
        finders.append(TemplateFinder())
    sets = list(made_sets(arguments.sets))
    rows = []
    for finder in finders:
        for shown, corrected in ((1, False), (2, False), (3, False), (1, True)):
            summary = find_in_others(finder, sets, shown, corrected=corrected)
            words = f"{finder.name}, {shown} shown" + (", corrected on the way" if corrected else "")
            rows.append(Row(data="generated sets", subject=words, summary=summary))
            print(rows[-1], flush=True)
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sam2_notebook.evaluate",
        description=main.__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, nargs="+", default=[], help="labelled folders of pictures or videos")
    parser.add_argument("--model", default=None, help="a name or a path; the embedded model if left out")
    parser.add_argument("--device", default=None, help="cpu, cuda or mps; the best there is if left out")
    parser.add_argument("--split", default="val", help="which pictures of a folder that names splits (val)")
    parser.add_argument("--limit", type=int, default=150, help="objects per folder (150); 0 for none")
    parser.add_argument("--smallest", type=float, default=0.01, help="least share of the photo an object covers (0.01)")
    parser.add_argument("--clicks", type=int, default=5, help="clicks per object (5)")
    parser.add_argument(
        "--everything", type=int, default=0, help="also find all objects of so many photos per folder, without a prompt"
    )
    parser.add_argument("--scribbles", action="store_true", help="also measure how to tell the model of scribbles")
    parser.add_argument("--clips", type=int, default=0, help="also measure on so many generated clips")
    parser.add_argument("--cutouts", type=Path, nargs="*", default=[], help="and on clips of these folders' cut-outs")
    parser.add_argument("--frames", type=int, default=24, help="frames of a made clip (24)")
    parser.add_argument("--sets", type=int, default=0, help="also find objects in so many generated sets of pictures")
    parser.add_argument("--prompt", choices=("mask", "box", "click"), default="mask", help="what frame 0 of clips gets")
    parser.add_argument("--no-baseline", action="store_true", help="leave out GrabCut and optical flow")
    parser.add_argument("--out", type=Path, help="folder for results.md, results.json and picture sheets")
    return parser


if __name__ == "__main__":
    main()
