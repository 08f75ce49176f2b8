"""`Labeler` in real JupyterLab: a folder labelled by mouse and keyboard alone, and what survives."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from pycocotools.coco import COCO

from tests.e2e.conftest import OpenNotebook
from tests.e2e.page import NotebookPage
from tests.e2e.photos import SIZE, Photo, make_photos
from tests.e2e.stage import Stage

pytestmark = pytest.mark.parametrize("host", ["lab"], indirect=True)
PHOTOS = 30
A_FEW = 7
EMPTY, SKIPPED = 10, 17  # of thirty photos: one with nothing to mark, one that is left for later
CLASSES = ("pot", "plant")
CROSS_STEP_PX = 16  # CSS pixels that an arrow key moves the cross
MAKE = """
from sam2_notebook import Labeler, LabelStore
labeler = Labeler({folder!r}, {classes!r}, store=LabelStore({store!r}, author={author!r}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the photos are."""
    made = tmp_path / "photos"
    made.mkdir()
    return made


@pytest.fixture
def photos(folder: Path) -> list[Photo]:
    """A few photos in the folder."""
    return make_photos(folder, A_FEW)


def cell_for(folder: Path, author: str = "ann") -> str:
    """The cell that makes a labeler on the folder; its store lies beside it."""
    return MAKE.format(folder=str(folder), classes=CLASSES, store=str(folder.parent / "labels.db"), author=author)


def show(open_notebook: OpenNotebook, folder: Path, author: str = "ann") -> tuple[NotebookPage, Stage]:
    """A notebook with the labeler, ready for clicks."""
    notebook = open_notebook([cell_for(folder, author), "labeler"])
    notebook.run(0, 1)
    stage = notebook.stage(cell=1)
    stage.expect_status("ready")
    return notebook, stage


def expect_photo(stage: Stage, number: int) -> None:
    """Wait until this photo is there, clickable."""
    expect(stage.root.locator(".sam2nb-image-name")).to_have_text(f"photo_{number:02}.png", timeout=30_000)
    stage.expect_status("ready")
    stage.page.wait_for_function(
        "([root, number]) => root.dataset.picture === number",
        arg=[stage.root.element_handle(), f"photo_{number:02}.png"],
    )


def expect_objects(stage: Stage, count: int) -> None:
    expect(stage.root.locator(".sam2nb-object")).to_have_count(count, timeout=30_000)


def expect_mask(stage: Stage, photo: Photo) -> None:
    """Wait until a mask is drawn at the photo's spot or right beside it."""
    x, y = photo.spot
    around = [(x + dx + 0.5, y + dy + 0.5) for dx in (-9, 0, 9) for dy in (-9, 0, 9)]
    for _ in range(600):
        if any(alpha for *_, alpha in stage.pixels("masks", around)):
            break
        stage.page.wait_for_timeout(50)
    else:
        raise AssertionError(f"no mask at {photo.spot} of {photo.name}")
    stage.expect_status("ready")


def click(stage: Stage, photo: Photo) -> None:
    """Click on the photo's thing."""
    stage.click(photo.spot[0] + 0.5, photo.spot[1] + 0.5)


def test_a_reload_and_a_restart_lose_nothing(open_notebook: OpenNotebook, folder: Path, photos: list[Photo]) -> None:
    notebook, stage = show(open_notebook, folder)
    expect_photo(stage, 0)
    click(stage, photos[0])
    expect_mask(stage, photos[0])
    notebook.reload()
    stage = notebook.stage(cell=1)
    expect_photo(stage, 0)
    expect_mask(stage, photos[0])
    notebook.restart_kernel()
    notebook.run(0, 1)
    stage = notebook.stage(cell=1)
    expect_photo(stage, 0)
    expect_mask(stage, photos[0])
    stage.press("Control+z")
    expect_objects(stage, 0)
    notebook.wait_for_kernel_value("len(labeler.store.image(1).labels.annotations)", 0)
    stage.press("Control+Shift+z")
    expect_mask(stage, photos[0])
    notebook.wait_for_kernel_value("len(labeler.store.image(1).labels.annotations)", 1)


def test_empty_pictures_are_asked_about_and_the_strip_leads_anywhere(
    open_notebook: OpenNotebook, folder: Path, photos: list[Photo]
) -> None:
    notebook, stage = show(open_notebook, folder)
    expect_photo(stage, 0)
    stage.press("Control+Enter")
    question = stage.root.locator(".sam2nb-question")
    expect(question).to_contain_text("Nothing is marked in this picture")
    notebook.screenshot("labeler-question")
    stage.page.keyboard.press("Escape")
    expect(question).not_to_be_visible()
    stage.press("Control+Enter")
    expect(question).to_be_visible()
    stage.page.keyboard.press("Enter")
    expect_photo(stage, 1)
    stage.press("Shift+Enter")
    expect_photo(stage, 2)
    stage.root.locator('.sam2nb-tile[data-place="5"]').click()
    expect_photo(stage, 5)
    stage.press("t")
    stage.page.keyboard.press("ArrowRight")
    stage.page.keyboard.press("Enter")
    expect_photo(stage, 6)
    notebook.wait_for_kernel_value(
        "{s.name: s.state for s in labeler.store.summaries() if s.state != 'new'}",
        {"photo_00.png": "submitted", "photo_01.png": "skipped"},
    )
    assert notebook.errors == []


def test_suggestions_are_accepted_and_rejected_in_the_page(
    open_notebook: OpenNotebook, folder: Path, photos: list[Photo]
) -> None:
    notebook, stage = show(open_notebook, folder)
    expect_photo(stage, 0)
    stage.press("u")
    bar = stage.root.locator(".sam2nb-suggestions")
    expect(bar).to_be_visible(timeout=60_000)
    notebook.screenshot("labeler-suggestions")
    count = notebook.kernel_value("len(labeler.store.image(1).labels.annotations)")
    expect_objects(stage, count)
    stage.press("i")
    stage.press("Shift+I")
    expect(bar).not_to_be_visible()
    notebook.wait_for_kernel_value("sum(a.proposed for a in labeler.store.image(1).labels.annotations)", 0)
    stage.press("Control+z")
    expect(bar).to_be_visible()
    bar.locator('[data-action="reject-all"]').click()
    expect(bar).not_to_be_visible()


def test_panels_filter_look_and_export(open_notebook: OpenNotebook, folder: Path, photos: list[Photo]) -> None:
    notebook, stage = show(open_notebook, folder)
    for number in range(2):
        expect_photo(stage, number)
        click(stage, photos[number])
        expect_mask(stage, photos[number])
        stage.press("Control+Enter")
    expect_photo(stage, 2)
    root = stage.root
    root.locator('[data-panel="queue"]').click()
    root.locator('[data-action="queue-to-review"]').click()
    expect(root.locator(".sam2nb-panel")).to_contain_text("2 pictures in the queue")
    notebook.screenshot("labeler-queue")
    root.locator('[data-panel="data"]').click()
    root.locator('[data-action="survey"]').click()
    root.locator('[data-action="figure-sheet"]').click()
    expect(root.locator(".sam2nb-figure")).to_be_visible(timeout=60_000)
    notebook.screenshot("labeler-data")
    root.locator('[data-panel="files"]').click()
    target = folder.parent / "out"
    root.get_by_label("Folder to write to").fill(str(target))
    root.locator('[data-action="export"]').click()
    expect(root.locator(".sam2nb-job")).to_have_text(re.compile("2 annotations of 2 images"), timeout=60_000)
    root.locator('[data-action="export"]').click()
    expect(root.locator(".sam2nb-question")).to_contain_text("is not empty")
    root.locator(".sam2nb-question button", has_text="Leave it").click()
    found = sorted(path.name for path in target.iterdir() if not path.name.startswith("."))
    assert found == ["README.md", "annotations", "images"]
    assert notebook.errors == []


def test_buttons_that_have_nothing_to_do_are_not_there(
    open_notebook: OpenNotebook, folder: Path, photos: list[Photo]
) -> None:
    _, stage = show(open_notebook, folder)
    expect_photo(stage, 0)
    stage.root.locator('[data-panel="train"]').click()
    expect(stage.action("train-start")).to_be_visible()
    for action in ("train-stop", "train-use", "train-unuse"):
        expect(stage.action(action)).to_be_hidden()


# pycocotools speaks to numpy in an older way, and forgets to close its file
@pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning", "ignore:unclosed file:ResourceWarning"
)
@pytest.mark.timeout(900)
def test_thirty_photos_are_labelled_by_mouse_and_keyboard_alone(open_notebook: OpenNotebook, folder: Path) -> None:
    photos = make_photos(folder, PHOTOS)
    notebook, stage = show(open_notebook, folder)
    for number, photo in enumerate(photos):
        expect_photo(stage, number)
        if number == EMPTY:
            stage.press("Control+Enter")
            expect(stage.root.locator(".sam2nb-question")).to_contain_text("Nothing is marked")
            stage.page.keyboard.press("Enter")
        elif number == SKIPPED:
            stage.press("Shift+Enter")
        else:
            mark(stage, photo, number)
            submit(stage, number)
    expect(stage.root.locator(".sam2nb-notices")).to_contain_text("Every image of this queue is done")
    stage.root.locator(f'.sam2nb-tile[data-place="{SKIPPED}"]').click()
    expect_photo(stage, SKIPPED)
    mark(stage, photos[SKIPPED], SKIPPED)
    submit(stage, SKIPPED)
    expect(stage.root.locator(".sam2nb-tally")).to_have_text(f"{PHOTOS} of {PHOTOS} done")
    notebook.screenshot("labeler-done")
    out = folder.parent / "coco"
    export_by_hand(stage, out)
    check_export(out, photos)
    saved = notebook.kernel_value("[[i.name, a.label, a.area] for i in labeler.dataset() for a in i.annotations]")
    assert sorted(saved) == sorted(exported(out))
    assert notebook.cell_count() == 2
    assert notebook.errors == []


def label_of(number: int) -> str:
    """The class that the thing of a photo is given."""
    return CLASSES[number % 2]


def mark(stage: Stage, photo: Photo, number: int) -> None:
    """Give the photo's thing its class and a mask: by mouse, by keyboard alone, or with a box; wait for the mask."""
    by_key = f"Shift+Digit{CLASSES.index(label_of(number)) + 1}"
    match number % 3:
        case 0:
            stage.root.locator(f'[data-class="{label_of(number)}"]').click()
            click(stage, photo)
        case 1:
            stage.press(by_key)
            stage.press("ArrowRight")  # shows the cross, in the middle
            steer(stage, photo.spot)
            stage.press(" ")
        case _:
            stage.press(by_key)
            x0, y0, x1, y1 = photo.box.as_tuple()
            stage.drag((x0 + 0.5, y0 + 0.5), (x1 - 0.5, y1 - 0.5))
    if number % 5 != 4:  # the others go on before their mask is there
        expect_mask(stage, photo)


def submit(stage: Stage, number: int) -> None:
    """Submit the photo and go on."""
    if number % 2:
        stage.press("Control+Enter")
    else:
        stage.root.locator('[data-action="decide"]').click()


def steer(stage: Stage, spot: tuple[int, int]) -> None:
    """Move the keyboard's cross from the middle of the stage to a pixel, with arrow keys alone."""
    place = stage.element.bounding_box()
    assert place is not None
    at = [place["x"] + place["width"] / 2, place["y"] + place["height"] / 2]
    goal = stage.on_screen(spot[0] + 0.5, spot[1] + 0.5)
    for axis, (more, less) in enumerate((("ArrowRight", "ArrowLeft"), ("ArrowDown", "ArrowUp"))):
        steps = round((goal[axis] - at[axis]) / CROSS_STEP_PX)
        for _ in range(abs(steps)):
            stage.press(more if steps > 0 else less)


def export_by_hand(stage: Stage, out: Path) -> None:
    """Write everything as COCO, without a split, from the panel."""
    stage.root.locator('[data-panel="files"]').click()
    stage.root.get_by_label("Folder to write to").fill(str(out))
    stage.root.get_by_label("Per cent to validate with").fill("0")
    stage.page.keyboard.press("Enter")
    expect(stage.root.locator(".sam2nb-job")).to_have_text(re.compile(f"{PHOTOS - 1} annotations of {PHOTOS} images"))


def check_export(out: Path, photos: list[Photo]) -> None:
    """The folder has every photo once, and of each what was marked in it."""
    coco = COCO(out / "annotations" / "instances.json")
    images = {image["file_name"]: image for image in coco.loadImgs(coco.getImgIds())}
    assert sorted(images) == [photo.name for photo in photos]
    assert {(image["width"], image["height"]) for image in images.values()} == {(SIZE.width, SIZE.height)}
    assert all((out / "images" / name).is_file() for name in images)
    ious = []
    for number, photo in enumerate(photos):
        found = coco.loadAnns(coco.getAnnIds(images[photo.name]["id"]))
        assert [coco.cats[a["category_id"]]["name"] for a in found] == ([label_of(number)] * (number != EMPTY))
        for annotation in found:
            mask = coco.annToMask(annotation).astype(bool)
            ious.append((mask & photo.thing).sum() / (mask | photo.thing).sum())
    assert min(ious) > 0, "a mask lies where nobody has clicked"
    assert np.median(ious) > 0.6


def exported(out: Path) -> list[list[object]]:
    """Name, class and area of everything in an export."""
    coco = COCO(out / "annotations" / "instances.json")
    return [
        [coco.imgs[a["image_id"]]["file_name"], coco.cats[a["category_id"]]["name"], int(coco.annToMask(a).sum())]
        for a in coco.anns.values()
    ]


def test_two_annotators_get_different_photos_and_neither_overwrites_the_other(
    open_notebook: OpenNotebook, folder: Path, photos: list[Photo]
) -> None:
    ann, hers = show(open_notebook, folder, "ann")
    expect_photo(hers, 0)
    bob, his = show(open_notebook, folder, "bob")
    expect_photo(his, 1)
    his.root.locator('.sam2nb-tile[data-place="0"]').click()
    expect_photo(his, 0)
    expect(his.root.locator(".sam2nb-notices")).to_contain_text("ann works on this image")
    bob.screenshot("labeler-held")
    click(his, photos[0])
    expect(his.root.locator(".sam2nb-banner")).to_contain_text("ann works on this image")
    click(hers, photos[0])
    expect_mask(hers, photos[0])
    ann.kernel_value("0", setup="labeler.store.release(1)")  # as if she had been away for longer than a claim lasts
    his.root.locator('.sam2nb-tile[data-place="1"]').click()
    expect_photo(his, 1)
    his.root.locator('.sam2nb-tile[data-place="0"]').click()
    expect_photo(his, 0)
    expect_objects(his, 1)
    his.root.locator(".sam2nb-object").click()
    his.press("Shift+Digit2")
    bob.wait_for_kernel_value("[a.label for a in labeler.store.image(1).labels.annotations]", [CLASSES[1]])
    his.press("Control+Enter")
    expect_photo(his, 1)
    x, y = photos[0].spot
    hers.click(x + 8.5, y + 8.5)
    expect(hers.root.locator(".sam2nb-suggestions")).to_contain_text("1 suggestion")
    expect_objects(hers, 2)
    ann.screenshot("labeler-both-versions")
    bob.wait_for_kernel_value(
        "[[a.label, a.proposed, a.author] for a in labeler.store.image(1).labels.annotations]",
        [[CLASSES[1], False, "ann"], [CLASSES[0], True, "ann"]],
    )
    assert ann.errors == []
    assert bob.errors == []
