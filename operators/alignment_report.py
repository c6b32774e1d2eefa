"""A report of an alignment: the pictures before and after, and the numbers, as one page."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from operators.aligned_camera import AlignedCamera
from operators.correspondence_alignment import Correspondences
from operators.look_at_camera import fov_y_rad
from operators.posed_camera import PosedCamera
from operators.settings import ROOT
from operators.usage_error import UsageError

_STYLE: Final = ROOT / "assets/latency_report/page.css"
_ALLOWED: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

MASK: Final = (60, 160, 255)
ROBOT: Final = (255, 230, 0)
EDGE: Final = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
"""As wide as can still be seen where the picture is shown at half its size."""

SHOWN_PX: Final = 800
"""Pictures in the page are no wider."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture (rows, columns, 3) RGB before and after, with its name."""

    name: str
    before: Picture
    after: Picture


def outlined(
    picture: Picture, robot: NDArray[np.bool_], silhouette: NDArray[np.bool_] | None
) -> Picture:
    """A picture with the edge of the drawn robot in yellow, and of its silhouette in blue."""
    drawn = picture.copy()
    edges = [(robot, ROBOT)] if silhouette is None else [(silhouette, MASK), (robot, ROBOT)]
    for mask, colour in edges:
        edge = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, EDGE)
        drawn[edge > 0] = colour
    return drawn


def pointed(picture: Picture, camera: PosedCamera, seen: Correspondences) -> Picture:
    """A picture with a cross where each point was picked, and a line to where the camera has it."""
    drawn = picture.copy()
    for picked, found in zip(seen.pixels, camera.project(seen.points), strict=True):
        start, end = (
            tuple(np.round(p).clip(-9999, 9999).astype(int).tolist()) for p in (picked, found)
        )
        cv2.line(drawn, start, end, ROBOT, 2, cv2.LINE_AA)
        cv2.drawMarker(drawn, start, MASK, cv2.MARKER_CROSS, 12, 2)
    return drawn


def write_alignment_report(
    path: Path,
    start: PosedCamera,
    aligned: AlignedCamera,
    pictures: Sequence[Shown],
    about: Sequence[tuple[str, str]],
) -> None:
    """Write the page. about: what to say of the run, name and text. Raises UsageError."""
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in about
    )
    doubts = "".join(f"<p><strong>Mind:</strong> {escape(doubt)}.</p>" for doubt in aligned.doubts)
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(before)}</td><td>{escape(after)}</td>"
        f"<td>{escape(sure)}</td></tr>"
        for name, before, after, sure in numbers(start, aligned)
    )
    shown = "".join(
        f"<figure><figcaption>{escape(p.name)}: before, and after</figcaption>"
        f"{_image(p.before)} {_image(p.after)}</figure>"
        for p in pictures
    )
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_ALLOWED}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Alignment</title><style>{_STYLE.read_text(encoding='utf-8')}"
        "figure {margin: 12px 0;} figure img {max-width: 49.5%; height: auto;} "
        "tbody th {text-align: left; font-weight: normal;}</style></head>\n<body>"
        f'<h1>A camera brought into line</h1><dl class="about">{facts}</dl>{doubts}'
        "<table><thead><tr><th></th><th>before</th><th>after</th><th>standard deviation</th></tr>"
        f"</thead><tbody>{rows}</tbody></table><h2>Pictures</h2>"
        '<p class="quiet">Yellow: the robot as the camera would see it. Blue: what was given, '
        f"the edge of its silhouette or the points that were picked.</p>{shown}</body></html>\n"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be written: {error.strerror}") from None


def numbers(start: PosedCamera, aligned: AlignedCamera) -> list[tuple[str, str, str, str]]:
    """Rows of name, before, after, and standard deviation of what was found."""
    camera = aligned.camera
    deviations = np.sqrt(np.diag(aligned.position_covariance))
    rows = [
        (f"{axis}, m", f"{before:.4f}", f"{after:.4f}", f"{1e3 * deviation:.2f} mm")
        for axis, before, after, deviation in zip(
            "xyz", start.position, camera.position, deviations, strict=True
        )
    ]
    turned = np.degrees(start.rotation_error_rad(camera))
    moved = 1e3 * start.position_error_m(camera)
    sure = f"{np.degrees(aligned.rotation_sd_rad):.3f}°"
    rows += [
        ("moved by, mm", "", f"{moved:.1f}", f"{1e3 * aligned.position_sd_m:.2f} mm"),
        ("turned by", "", f"{turned:.2f}°", sure),
        (
            "vertical field of view",
            f"{np.degrees(fov_y_rad(start.pinhole)):.3f}°",
            f"{np.degrees(fov_y_rad(camera.pinhole)):.3f}°",
            "held fixed" if not aligned.zoom_sd else f"{100 * aligned.zoom_sd:.3f}%",
        ),
        ("residuals, px", "", f"{aligned.rms_px:.2f}", ""),
        ("used", "", "{} of {}".format(*aligned.used), ""),
    ]
    if aligned.depth_scale is not None:
        scale, scale_sd = aligned.depth_scale
        rows.append(("depths times", "1", f"{scale:.4f}", f"{scale_sd:.4f}"))
    for name, offset in aligned.joint_offsets_rad.items():
        sure = f"{np.degrees(aligned.joint_sd_rad[name]):.2f}°"
        rows.append((f"offset of joint {name}", "0°", f"{np.degrees(offset):.2f}°", sure))
    return rows


def _image(picture: Picture) -> str:
    height, width = picture.shape[:2]
    shrink = min(1.0, SHOWN_PX / width)
    size = round(width * shrink), round(height * shrink)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, content = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    data = base64.b64encode(content.tobytes()).decode()
    return f'<img alt="" width="{size[0]}" height="{size[1]}" src="data:image/jpeg;base64,{data}">'
