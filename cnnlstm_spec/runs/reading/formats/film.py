"""Films by PyAV, folders of frames, and `.npy`: which frames are taken, and their pixels."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from ....spec.data.inputs import ImageSource, VideoSource
from ....text.files import PathError, find_sort, list_entries, open_regular
from ..libraries import import_needed
from ..problems import Broken
from .image import convert, is_image, read_image
from .npy import Array, open_npy

if TYPE_CHECKING:
    from types import ModuleType

    from av import VideoStream
    from av.container import InputContainer

DEMUXERS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".avi": "avi",
    ".mkv": "matroska",
    ".webm": "matroska",
    ".mpg": "mpeg",
    ".mpeg": "mpeg",
    ".gif": "gif",
}
MOST = 1_000_000
"""Frames of a film."""

Choose = Callable[[int], Sequence[int]]
"""Which of so many frames are taken, in order."""


def read_film(path: Path, source: VideoSource, sizes: Sequence[int | None], choose: Choose) -> Array:
    """The chosen frames (frames, height, width, channels)."""
    height, width, channels = sizes
    if find_sort(path) == "folder":
        return _read_folder(path, source, sizes, choose)
    ending = path.suffix.lower()
    if ending == ".npy":
        values = open_npy(path)
        if values.ndim != 4:
            raise Broken("shape-differs", f"the array is {list(values.shape)}; a clip has frames, height, width and channels")
        values = values[:: source.stride]
        taken = values[list(choose(len(values)))]
        return _resize(taken, source, height, width, channels)
    if ending not in DEMUXERS:
        known = ", ".join(f"`{each}`" for each in (*DEMUXERS, ".npy"))
        raise Broken("not-a-kind", f"a film ends in {known}, or is a folder of frames")
    return _read_film(path, source, sizes, choose)


def _read_folder(path: Path, source: VideoSource, sizes: Sequence[int | None], choose: Choose) -> Array:
    files = [each for each in list_entries(path) if is_image(each) and not each.name.startswith(".")]
    files = sorted(files, key=_count_up)[:: source.stride]
    taken = choose(len(files))
    if not taken:
        raise Broken("not-readable", "the folder has no frames")
    return _stack([read_image(files[index], source, *sizes) for index in taken])


def _count_up(path: Path) -> list[tuple[bool, int, str]]:
    """What orders frames as people count: `frame2` before `frame10`."""
    parts = re.split(r"(\d+)", path.name)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _stack(frames: list[Array]) -> Array:
    if len({each.shape for each in frames}) > 1:
        raise Broken("shape-differs", "its frames have different sizes: give the branch `resize`")
    return numpy.stack(frames)


def _resize(frames: Array, source: ImageSource, height: int | None, width: int | None, channels: int | None) -> Array:
    """Frames of an array, brought to a size where `source` says how."""
    if source.resize is None or (frames.shape[1], frames.shape[2]) == (height, width):
        return frames
    pillow = import_needed("PIL.Image", "`resize`")
    made = []
    for frame in frames:
        values = numpy.asarray(frame)
        if values.dtype != numpy.uint8:
            raise Broken("shape-differs", "frames of an array are resized where they are uint8 alone")
        image = pillow.fromarray(values[..., 0] if values.shape[-1] == 1 else values)
        made.append(convert(image, source, height, width, channels))
    return numpy.stack(made)


def _read_film(path: Path, source: VideoSource, sizes: Sequence[int | None], choose: Choose) -> Array:
    av = import_needed("av", "a film")
    try:
        with open_regular(path) as stream, av.open(stream, format=DEMUXERS[path.suffix.lower()]) as container:
            if not container.streams.video:
                raise Broken("not-readable", "the film has no pictures")
            video = container.streams.video[0]
            times, keys = _read_packets(container, video)
            if len(times) < video.frames:
                raise Broken("not-readable", f"the film is cut off: it has {len(times)} of {video.frames} frames")
        candidates = _list_candidates(times, keys, source)
        wanted = [candidates[index] for index in choose(len(candidates))]
        if not wanted:
            raise Broken("not-readable", "the film has no frames")
        return _stack(_decode(av, path, wanted, source, sizes))
    except Broken:
        raise
    except (OSError, PathError):
        raise Broken("not-readable", "the film cannot be read") from None
    except Exception:
        raise Broken("not-readable", "the film is damaged, or of a format that is not read") from None


def _read_packets(container: InputContainer, video: VideoStream) -> tuple[list[Fraction], set[int]]:
    """The time of each frame in seconds, in the order of showing, and which of them are key frames; nothing is decoded."""
    found: list[tuple[int, bool]] = []
    for packet in container.demux(video):
        if packet.size and packet.pts is not None:
            found.append((packet.pts, packet.is_keyframe))
        if len(found) > MOST:
            raise Broken("too-large", f"the film has more than {MOST:,} frames")
    found.sort()
    base = video.time_base or Fraction(1, 1)
    return [pts * base for pts, _ in found], {index for index, (_, key) in enumerate(found) if key}


def _list_candidates(times: list[Fraction], keys: set[int], source: VideoSource) -> list[int]:
    """The frames among which is chosen: at the rate of `fps`, every `stride`-th, or key frames alone."""
    found = list(range(len(times)))
    if source.frames == "key":
        found = sorted(keys)
    elif source.fps is not None and times:
        step = Fraction(1) / Fraction(source.fps).limit_denominator(100_000)
        last = times[-1] + (times[-1] - times[0]) / max(len(times) - 1, 1)
        found, at, index = [], times[0], 0
        while at < last and len(found) <= MOST:
            while index + 1 < len(times) and times[index + 1] <= at:
                index += 1
            found.append(index)
            at += step
    return found[:: source.stride]


def _decode(av: ModuleType, path: Path, wanted: list[int], source: VideoSource, sizes: Sequence[int | None]) -> list[Array]:
    """The frames at these places, in this order, decoded from the beginning, so that they are exact."""
    height, width, channels = sizes
    needed, found = set(wanted), {}
    with open_regular(path) as stream, av.open(stream, format=DEMUXERS[path.suffix.lower()]) as container:
        video = container.streams.video[0]
        # Samples are read side by side: threads within a film would wait for each other.
        video.thread_type, video.codec_context.thread_count = "NONE", 1
        reformatter, pillow = (
            import_needed("av.video.reformatter", "a film").VideoReformatter(),
            import_needed("PIL.Image", "a film"),
        )
        if source.resize is None and (height or video.height, width or video.width) != (video.height, video.width):
            given = f"{video.height}x{video.width}"
            raise Broken("shape-differs", f"the film is {given}; the branch takes {height}x{width}: give it `resize`")
        for index, frame in enumerate(container.decode(video)):
            if index in needed:
                pixels = reformatter.reformat(frame, format="rgb24", threads=1).to_ndarray()
                found[index] = convert(pillow.fromarray(pixels), source, height, width, channels)
            if len(found) == len(needed):
                break
    missing = needed - set(found)
    if missing:
        raise Broken("not-readable", f"the film is cut off: frame {min(missing) + 1} cannot be decoded")
    return [found[index] for index in wanted]
