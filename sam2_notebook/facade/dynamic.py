"""`SAM2DynamicInteractivePredictor(overrides=...)`: the page's call to find shown objects in other pictures."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from sam2_notebook.errors import PromptError
from sam2_notebook.facade.devices import usable_device
from sam2_notebook.facade.prompts import Said, page_prompts
from sam2_notebook.facade.results import Results
from sam2_notebook.facade.saving import handed_out
from sam2_notebook.facade.settings import PageSettings, check_imgsz
from sam2_notebook.facade.sources import Picture, Source, close, media_of
from sam2_notebook.facade.video import speed_ms
from sam2_notebook.media import Image
from sam2_notebook.predict.dynamic import DynamicSession
from sam2_notebook.predict.dynamic_joint import JointDynamicSession
from sam2_notebook.predict.dynamic_pictures import size_of
from sam2_notebook.predict.dynamic_results import FoundObject, FoundObjects
from sam2_notebook.predict.prompt_edits import one_prompt
from sam2_notebook.values.masks import Rle
from sam2_notebook.values.plain import whole_number, whole_numbers, yes_or_no

PAGE_CONF = 0.01


class SAM2DynamicInteractivePredictor:
    """Shows objects in some pictures, with any prompts and at any time, and finds them in others.

    `overrides` are the page's settings, such as `dict(conf=0.01, imgsz=1024, model="sam2_t.pt", save=False)`.
    `max_obj_num` is how many objects there may be. Below it lies `session`, a `DynamicSession` with more verbs: forget,
    clear, refine with memory, show that an object is absent; `lookalikes` is how it knows objects again. With
    `compatible` results are the original's, for objects 0 to `max_obj_num` - 1: pictures are fitted into the square as
    there (up to a level of a pixel, which OpenCV rounds its own way), and every object not shown in a picture is
    remembered as absent. This was checked against a derivation from what is known of the original, not against the
    original itself. Mask prompts, which fail there, work.
    """

    def __init__(
        self,
        overrides: Mapping[str, object] | None = None,
        max_obj_num: int = 3,
        *,
        compatible: bool = False,
        lookalikes: bool | None = None,
    ) -> None:
        self.settings = PageSettings(conf=PAGE_CONF).changed(overrides or {})
        device = usable_device(self.settings.device)
        known_again = None if lookalikes is None else yes_or_no(lookalikes, "lookalikes")
        self.session: DynamicSession | JointDynamicSession
        if yes_or_no(compatible, "compatible"):
            self.session = JointDynamicSession(
                self.settings.model, slots=whole_number(max_obj_num, "max_obj_num", 1), device=device
            )
        else:
            most = None if max_obj_num is None else whole_number(max_obj_num, "max_obj_num", 1)
            self.session = DynamicSession(self.settings.model, most_objects=most, device=device, lookalikes=known_again)
        check_imgsz(self.settings.imgsz, self.session.pictures.network.config)

    def __call__(
        self,
        source: Source,
        bboxes: object = None,
        points: object = None,
        labels: object = None,
        masks: object = None,
        obj_ids: int | Sequence[int] | None = None,
        *,
        update_memory: bool = False,
    ) -> list[Results]:
        """Find all objects shown so far in a picture, a folder, a list or every frame of a video, in any order.

        With `update_memory` the prompts first show objects `obj_ids`, new or known, in the picture, one id per prompt;
        shapes are those of `SAM.predict`. Objects of a score not above `conf` are left out. Raises PromptError for
        prompts without ids, too many objects, and when nothing was shown yet.
        """
        said = page_prompts(points, labels, bboxes, masks) or []
        if yes_or_no(update_memory, "update_memory"):
            return list(handed_out([self._shown(source, said, _ids(obj_ids, said))], self.settings))
        if said or obj_ids is not None:
            warnings.warn(
                "prompts and obj_ids count only with update_memory=True; this call looks for what was shown before.",
                stacklevel=2,
            )
        return list(handed_out(self._found(source), self.settings))

    def forget(self, obj_id: int) -> None:
        """Forget an object; the others do not change."""
        if isinstance(self.session, JointDynamicSession):
            raise PromptError("in the compatible mode objects share their memories: clear() forgets them all")
        self.session.forget(whole_number(obj_id, "obj_id", 0))

    def clear(self) -> None:
        """Forget all objects."""
        self.session.clear()

    def _shown(self, source: Source, said: list[Said], ids: list[int]) -> Results:
        items = media_of(source)
        item, further = next(items), next(items, None)
        if not isinstance(item, Picture) or further is not None:
            raise PromptError("objects are shown in one picture at a time: with update_memory name a single picture")
        size = size_of(item.image)
        prompts = [one_prompt(one.points, one.labels, one.box, one.mask, size) for one in said]
        if isinstance(self.session, JointDynamicSession):
            self.session.remember(item.image, dict(zip(ids, prompts, strict=True)))
        else:
            self._check_room(ids)
            for obj_id, one in zip(ids, said, strict=True):
                self.session.remember(
                    item.image, obj_id, points=one.points, labels=one.labels, box=one.box, mask=one.mask
                )
        return self._result(item.image, item.path, None)

    def _check_room(self, ids: list[int]) -> None:
        """All of a call's objects fit, or none is shown."""
        most = self.session.most_objects if isinstance(self.session, DynamicSession) else None
        if most is not None and len({*self.session.objects, *ids}) > most:
            raise PromptError(
                f"objects {ids} would make more than max_obj_num={most} with {list(self.session.objects)}: forget "
                "some, or make a predictor with a larger max_obj_num"
            )

    def _found(self, source: Source) -> Iterator[Results]:
        for item in media_of(source):
            if isinstance(item, Picture):
                yield self._result(item.image, item.path, None)
                continue
            clip = item.every(self.settings.vid_stride)
            try:
                number = 0
                while clip.video.has(number):
                    result = self._result(Image(clip.video.frame(number), item.path), item.path, number * clip.step)
                    yield replace(result, fps=clip.video.fps)
                    number += 1
            finally:
                close(clip)

    def _result(self, image: Image, path: str, frame: int | None) -> Results:
        start = perf_counter()
        found: FoundObjects = self.session.find(image).above(self.settings.conf or 0.0).without_overlap()
        here: list[tuple[int, FoundObject]] = [(int(o.object), o) for o in found]
        ids = [number for number, _ in here]
        answered = perf_counter()
        result = Results(
            orig_img=image.pixels,
            path=path,
            rles=tuple(Rle.from_mask(o.mask) for _, o in here),
            scores=np.array([o.score for _, o in here], np.float32),
            classes=ids,
            names={i: str(i) for i in ids},
            ids=ids,
            frame=frame,
        )
        return replace(result, speed=speed_ms(start, start, answered, perf_counter()))


def _ids(obj_ids: int | Sequence[int] | None, said: list[Said]) -> list[int]:
    if not said:
        raise PromptError("update_memory=True shows objects: give points, bboxes or masks and their obj_ids")
    if obj_ids is None:
        raise PromptError(f"update_memory=True needs obj_ids, one per prompt; there are {len(said)} prompts")
    ids = list(whole_numbers(obj_ids, "obj_ids are whole numbers of at least 0", 0))
    if len(ids) != len(said) or len(set(ids)) != len(ids):
        raise PromptError(f"there is one id per prompt, each once: got obj_ids={ids} for {len(said)} prompts")
    return ids
