"""Fine-tuning: it improves a network on a small task, keeps the best, stops, resumes, and says what is wrong."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sam2_notebook.errors import LabelError, MediaError, ModelError
from sam2_notebook.model import Sam2, Sam2Config
from sam2_notebook.training.finetune import Epoch, FinetuneSettings, finetune, split
from sam2_notebook.training.own_data import photos_from
from sam2_notebook.training.pictures import Phase
from sam2_notebook.training.schedule import Shares
from sam2_notebook.values.masks import Rle
from sam2_notebook.weights import load_model

TINY = Sam2Config(
    image_size=64, embed_dim=8, stages=(1, 1, 1, 1), windows=(4, 4, 4, 2), global_blocks=(), dim=32,
    decoder_mlp_dim=32, prompts="raster",
)  # fmt: skip
QUICK = FinetuneSettings(epochs=3, images=4, objects=4, rate=1.5e-3, shares=Shares(), patience=3)


def squares(count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Bright squares on dark noise, with label maps."""
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(count):
        pixels = rng.integers(0, 60, (64, 64, 3)).astype(np.uint8)
        labels = np.zeros((64, 64), np.int64)
        for number in (1, 2):
            x, y = rng.integers(0, 12, 2) + np.array([32 * (number - 1), 10])
            labels[y : y + 22, x : x + 20] = number
        pixels[labels > 0] = (250, 230, 60)
        pairs.append((pixels, labels))
    return pairs


def network() -> Sam2:
    torch.manual_seed(0)
    return Sam2(TINY)


def test_a_network_learns_a_small_task_and_the_file_holds_the_best_of_it(tmp_path: Path) -> None:
    seen: list[Epoch] = []
    start = network()
    before = {name: value.clone() for name, value in start.state_dict().items()}
    tuned = finetune(start, squares(12), tmp_path, settings=QUICK, device="cpu", progress=seen.append)
    first = tuned.epochs[0]
    assert tuned.best.quality > first.quality + 0.1  # measured: 0.02 to 0.45
    assert seen == list(tuned.epochs)
    again = load_model(tmp_path / "model.safetensors", device="cpu")
    assert again.config == TINY
    assert torch.allclose(again.no_memory, tuned.model.no_memory, atol=1e-3)
    assert all(torch.equal(before[name], value) for name, value in start.state_dict().items())
    entries = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [e["number"] for e in entries] == list(range(len(tuned.epochs)))


def test_it_goes_on_where_it_stopped_and_trains_longer_if_asked(tmp_path: Path) -> None:
    short = replace(QUICK, epochs=1)
    first = finetune(network(), squares(4), tmp_path, settings=short, device="cpu", progress=False)
    assert len(first.epochs) == 2
    longer = finetune(network(), squares(4), tmp_path, settings=replace(QUICK, epochs=2), device="cpu", progress=False)
    assert longer.epochs[:2] == first.epochs
    assert len(longer.epochs) == 3


def test_an_interrupt_loses_nothing(tmp_path: Path) -> None:
    def stop(epoch: Epoch) -> None:
        if epoch.number == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finetune(network(), squares(4), tmp_path, settings=QUICK, device="cpu", progress=stop)
    again: list[Epoch] = []
    finetune(network(), squares(4), tmp_path, settings=QUICK, device="cpu", progress=again.append)
    assert [epoch.number for epoch in again] == [2, 3]


def test_the_seed_decides_what_comes_out_also_after_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weights(out: str, seed: int = 3) -> dict[str, torch.Tensor]:
        settings = replace(QUICK, epochs=2, seed=seed)
        tuned = finetune(network(), squares(4), tmp_path / out, settings=settings, device="cpu", progress=False)
        return tuned.model.state_dict()

    def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
        return all(torch.equal(one[name], other[name]) for name in one)

    straight = weights("straight")
    torch.rand(5)
    assert same(straight, weights("again"))
    assert not same(straight, weights("other", seed=4))
    plain, calls = Phase.loss, []

    def breaks_off(self: Phase, *rest: object) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 14:  # in the middle of the second epoch
            raise KeyboardInterrupt
        return plain(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Phase, "loss", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        weights("broken")
    assert same(straight, weights("broken"))


def test_it_stops_when_nothing_gets_better(tmp_path: Path) -> None:
    still = replace(QUICK, epochs=50, patience=1, rate=1e-9)
    tuned = finetune(network(), squares(2), tmp_path, settings=still, device="cpu", progress=False)
    assert [epoch.number for epoch in tuned.epochs] == [0, 1]
    assert tuned.best.number == 0


def test_a_folder_of_another_training_is_refused(tmp_path: Path) -> None:
    settings = replace(QUICK, epochs=1)
    finetune(network(), squares(2), tmp_path, settings=settings, device="cpu", progress=False)
    with pytest.raises(ModelError, match="another training"):
        finetune(network(), squares(3), tmp_path, settings=settings, device="cpu", progress=False)


def test_pictures_to_validate_on_are_not_trained_on() -> None:
    photos = photos_from(squares(10))
    training, held_out = split(photos, 0.2, 0)
    assert (len(training), len(held_out)) == (8, 2)
    assert not {id(p) for p in training} & {id(p) for p in held_out}
    assert split(photos[:1], 0.2, 0) == (photos[:1], photos[:1])


def test_every_form_of_masks_means_the_same() -> None:
    pixels, labels = squares(1)[0]
    stack = np.stack([labels == 1, labels == 2])
    coded = [Rle.from_mask(mask) for mask in stack]
    forms = [labels, stack, [labels == 1, labels == 2], labels.astype(np.uint8), coded]
    photos = [photos_from([(pixels, form)])[0] for form in forms]
    assert all(photo.areas.tolist() == photos[0].areas.tolist() for photo in photos)
    assert all(np.array_equal(photo.mask(1), stack[1]) for photo in photos)


@pytest.mark.parametrize("nested", [False, True])
def test_coco_folders_of_one_file_or_of_several_are_read(nested: bool, tmp_path: Path) -> None:
    pixels, labels = squares(1)[0]
    (tmp_path / "images").mkdir()
    Image.fromarray(pixels).save(tmp_path / "images" / "a.png")
    mask = labels == 1
    annotation = {"image_id": 1, "area": int(mask.sum()), "segmentation": Rle.from_mask(mask).to_coco()}
    index = {"images": [{"id": 1, "file_name": "a.png"}], "annotations": [annotation]}
    file = tmp_path / ("annotations/instances_train.json" if nested else "annotations.json")
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(index))
    (photo,) = photos_from(tmp_path)
    assert np.array_equal(photo.mask(0), mask)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ([], "nothing to learn from"),
        ([np.zeros((8, 8, 3), np.uint8)], "tuple"),
        ([(np.zeros((8, 8, 3), np.uint8), np.zeros((4, 4), np.int64))], "have the shape"),
        ([(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.float32))], "float32"),
        ([(np.zeros((8, 8, 3), np.uint8), [Rle.from_mask(np.ones((8, 4), bool))])], r"all be run lengths .* width=4"),
        ([(np.zeros((8, 8, 3), np.uint8), [Rle.from_mask(np.ones((8, 8), bool)), np.ones((8, 8), bool)])], "ndarray"),
    ],
)
def test_labels_that_make_no_sense_are_refused_in_words(dataset: list[object], message: str) -> None:
    with pytest.raises(LabelError, match=message):
        photos_from(dataset)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"rate": 2.0}, {"validation": 1.0}, {"side": 50}, {"patience": 0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(LabelError):
        FinetuneSettings(**wrong)  # pyright: ignore[reportArgumentType]


def coco(folder: Path, annotations: list[dict], **image: object) -> Path:
    """A COCO folder with one picture of 40 x 30."""
    (folder / "images").mkdir()
    picture = Image.fromarray(np.full((30, 40, 3), 90, np.uint8))
    picture.save(folder / "images/a.jpg", **image)  # type: ignore[arg-type]
    file = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"image_id": 1, **a} for a in annotations]}
    (folder / "annotations.json").write_text(json.dumps(file))
    return folder


SQUARE = [[5, 5, 20, 5, 20, 20, 5, 20]]


def test_pictures_of_a_coco_folder_are_upright_and_masks_lie_as_they_say(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    mask = np.zeros((40, 30), np.bool_)
    mask[8:30, 4:20] = True
    said = Rle.from_mask(mask).to_coco()
    (photo,) = photos_from(coco(tmp_path, [{"segmentation": said}, {"bbox": [1, 1, 9, 9]}], exif=turned))
    assert photo.pixels.shape == (40, 30, 3)
    np.testing.assert_array_equal(photo.mask(0), mask)
    assert photo.areas.tolist() == [mask.sum()]  # without an area in the file; a box alone is no mask


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        ({"segmentation": {"size": [40, 30], "counts": [1200]}}, r"annotation 0 of a\.jpg .* a mask of 30 x 40 pixels"),
        ({"segmentation": {"size": [30, 40], "counts": [7]}}, "add up to"),
        ({"segmentation": {"size": [30, 40], "counts": "~~"}}, "characters 0 to o"),
        ({"segmentation": [[5, 5]]}, "three or more places"),
        ({"segmentation": [["a", 5, 6, 7, 8, 9]]}, "could not convert"),
        ({"segmentation": "mask"}, "a list of polygons, or run lengths"),
        ({"id": 9, "segmentation": {"counts": [1200]}}, "annotation 9 .* run lengths with their size"),
    ],
)
def test_annotations_that_are_not_cocos_are_refused_in_words(annotation: dict, words: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=f"(?s)annotations.json: .*{words}"):
        photos_from(coco(tmp_path, [annotation]))


def test_files_that_are_not_cocos_are_refused_in_words(tmp_path: Path) -> None:
    folder = coco(tmp_path, [{"segmentation": SQUARE}])
    (folder / "images/a.jpg").unlink()
    with pytest.raises(MediaError, match=r"a\.jpg: there is no such file"):
        photos_from(folder)
    for text, words in (
        ("{", "is not as COCO has it"),
        ('{"images": []}', "lacks 'annotations'"),
        ("[]", "not as COCO"),
    ):
        (folder / "annotations.json").write_text(text)
        with pytest.raises(LabelError, match=words):
            photos_from(folder)


def test_a_label_map_of_another_size_is_refused(tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    Image.new("RGB", (40, 30)).save(tmp_path / "images/a.png")
    Image.fromarray(np.ones((40, 30), np.uint8)).save(tmp_path / "masks/a.png")
    (tmp_path / "index.json").write_text(json.dumps([{"image": "a.png", "mask": "a.png"}]))
    with pytest.raises(LabelError, match=r"the label map a\.png has the shape \(40, 30\)"):
        photos_from(tmp_path)
