"""Words about numbers. Pure."""


def counted(count: int, thing: str) -> str:
    """So many things, whose plural ends in s.

    >>> counted(1, "frame"), counted(0, "frame"), counted(1200, "image")
    ('1 frame', '0 frames', '1,200 images')
    """
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
