"""Joint angles in Parquet: a row a moment, and in the file's schema all that a reader must know.

Columns are fixed-shape tensors of pyarrow, whose dimensions have names; other readers see lists of
fixed length. Each column's metadata says its unit, its frame and what it means; the schema's, under
`panodora`, names sides, joints, rotations and cameras, and holds the calibration.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from operators.calibration import CalibratedCamera
from operators.capture_messages import HandAngles
from operators.hand_kinematics import MANO_FROM_MEDIAPIPE, MANO_ROTATIONS, ROTATIONS
from operators.hands import SIDES
from operators.joint_layout import MEDIAPIPE_JOINTS
from operators.message import Field
from operators.usage_error import UsageError

VERSION: Final = 1
KEY: Final = b"panodora"
KIND: Final = "joint angles"
ROWS_A_GROUP: Final = 600
PARTIAL: Final = ".partial"
"""After the name of a file that is being written: it has no end yet, and cannot be read."""

AXES: Final = {2: "side", 16: "rotation", 20: "bone", 21: "joint", 3: "xyz"}
"""What the axes of the arrays are, by their lengths, which all differ."""

CONVENTION: Final = (
    "joints = forward kinematics: from the wrist at `translations` outwards, each bone is "
    "scale * R_wrist * R_1 * ... * R_k * bone, where R_k are the rotations (axis-angle, rad) of "
    "the joints before it in its finger and bone is its vector in `bones`, of the hand at rest. "
    "The axes are those of the wrist at rest: x to the right of someone who looks at the back of "
    "the hand with its fingers up, y out of the back, -z towards the fingers."
)

_OWN: Final = {
    "time_ns": (
        "ns",
        "when the pictures were taken: of footage since its first one, with the cameras' offsets; "
        "live CLOCK_MONOTONIC",
    ),
}


class AnglesFileError(UsageError):
    """A file of angles that cannot be read or written: says which, and what is wrong with it."""


class AnglesWriter:
    """Writes moments as they come; the file has its name once it is complete.

    path: .parquet, whose folder is made; a file of this name is replaced by `close`.
    cameras: by name, in the order of the messages; about: more for the schema, as JSON has it.
    Raises AnglesFileError where nothing can be written.
    """

    def __init__(self, path: Path, cameras: Mapping[str, CalibratedCamera], **about: Any) -> None:
        self.path = path
        self.written = 0
        self._partial = path.with_name(path.name + PARTIAL)
        self._rows: list[tuple[int, HandAngles]] = []
        self._cameras = tuple(cameras)
        self._schema = angles_schema(cameras, about)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = pq.ParquetWriter(self._partial, self._schema, compression="zstd")
        except OSError as error:
            raise AnglesFileError(f"{path}: cannot be written: {error.strerror}") from None

    def write(self, angles: HandAngles, time_ns: int) -> None:
        """Add a moment. Raises AnglesFileError for other cameras than the file's."""
        if angles.cameras != self._cameras:
            raise AnglesFileError(
                f"{self.path}: expected a moment of {', '.join(self._cameras)}, got one of "
                f"{', '.join(angles.cameras)}"
            )
        self._rows.append((time_ns, angles))
        self.written += 1
        if len(self._rows) >= ROWS_A_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left and the file's end, and give it its name; none without a moment."""
        self.leave()
        if self.written:
            self._partial.replace(self.path)
        else:
            self._partial.unlink()

    def leave(self) -> None:
        """Write what is left and the file's end, and leave it without its name: more was to come.

        Renamed, it can be read as far as it goes.
        """
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        columns: list[pa.Array] = [pa.array([time_ns for time_ns, _ in self._rows], pa.int64())]
        for column in list(self._schema)[len(_OWN) :]:
            values = np.stack([np.asarray(getattr(row, column.name)) for _, row in self._rows])
            columns.append(_column(column, values))
        self._file.write_table(pa.Table.from_arrays(columns, schema=self._schema))
        self._rows = []


@dataclass(frozen=True, eq=False)
class AnglesFile:
    """What a file of angles holds: arrays whose first axis is the moment.

    time_ns: (n,). columns: of HandAngles, by name, NaN where a side is not there. facts: what the
    schema says of each column: shape, unit, frame, absent, meaning; about: and of the whole.
    """

    path: Path
    time_ns: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]
    facts: dict[str, dict[str, str]]
    about: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises AnglesFileError if it is missing, cut off or of another kind."""
        try:
            table = pq.read_table(path)
        except FileNotFoundError:
            partial = path.with_name(path.name + PARTIAL).exists()
            more = f"; {path.name}{PARTIAL} is one that was not completed" if partial else ""
            raise AnglesFileError(f"{path}: no such file{more}") from None
        except (pa.ArrowInvalid, OSError) as error:
            raise AnglesFileError(f"{path}: cannot be read: {error}") from None
        about = json.loads((table.schema.metadata or {}).get(KEY, b"{}"))
        if about.get("kind") != KIND:
            raise AnglesFileError(f"{path}: holds no joint angles of `panodora`")
        if about["version"] != VERSION:
            raise AnglesFileError(
                f"{path}: expected version {VERSION} of joint angles, got {about['version']}"
            )
        columns = {name: _array(table.column(name)) for name in table.column_names}
        facts = {
            field.name: {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
            for field in table.schema
        }
        return cls(path, columns.pop("time_ns"), columns, facts, about)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A column. Raises KeyError naming those that there are."""
        if name not in self.columns:
            raise KeyError(f"{name}; there are {', '.join(self.columns)}")
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.time_ns)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Their names, in the order of image_seqs."""
        return tuple(self.about["cameras"])


def angles_schema(cameras: Mapping[str, CalibratedCamera], about: Mapping[str, Any]) -> pa.Schema:
    """The schema of a file of these cameras."""
    fields = [
        pa.field(name, pa.int64(), nullable=False, metadata={"unit": unit, "meaning": meaning})
        for name, (unit, meaning) in _OWN.items()
    ]
    fields += [_field(f, len(cameras)) for f in HandAngles.FIELDS if not f.is_text]
    content = {
        "kind": KIND,
        "version": VERSION,
        "sides": SIDES,
        "joints": MEDIAPIPE_JOINTS,
        "rotations": [MEDIAPIPE_JOINTS[joint] for joint in ROTATIONS],
        "bones": MEDIAPIPE_JOINTS[1:],
        "mano_joints_from_these": MANO_FROM_MEDIAPIPE,
        "mano_rotations_from_these": MANO_ROTATIONS,
        "rig": "the frame that the cameras' calibration is counted from: its marker; m",
        "convention": CONVENTION,
        "cameras": {name: _camera(camera) for name, camera in cameras.items()},
        **about,
    }
    return pa.schema(fields, metadata={KEY: json.dumps(content)})


def _camera(camera: CalibratedCamera) -> dict[str, Any]:
    lens = {name: getattr(camera.pinhole, name) for name in ("width", "height")}
    return {
        **lens,
        "fx_fy_cx_cy": camera.pinhole.lens.tolist(),
        "distortion": list(camera.pinhole.distortion),
        "camera_from_rig": camera.camera_from_marker.matrix.tolist(),
    }


def _field(field: Field, cameras: int) -> pa.Field:
    shape = [cameras if axis == "cameras" else int(axis) for axis in field.shape]
    value = pa.from_numpy_dtype(field.numpy_dtype)
    if shape:
        names = ["camera" if axis == "cameras" else AXES[int(axis)] for axis in field.shape]
        value = pa.fixed_shape_tensor(value if value != pa.bool_() else pa.uint8(), shape, names)
    facts = {
        "shape": json.dumps(shape),
        "unit": field.unit,
        "frame": field.frame,
        "absent": field.absent,
        "meaning": field.doc,
    }
    return pa.field(
        field.name, value, nullable=False, metadata={k: v for k, v in facts.items() if v}
    )


def _column(field: pa.Field, values: NDArray[Any]) -> pa.Array:
    if not isinstance(field.type, pa.FixedShapeTensorType):
        return pa.array(values, field.type)
    flat = np.ascontiguousarray(values, dtype=field.type.value_type.to_pandas_dtype())
    inner = pa.array(flat.reshape(-1), field.type.value_type)
    storage = pa.FixedSizeListArray.from_arrays(inner, type=field.type.storage_type)
    return pa.ExtensionArray.from_storage(field.type, storage)


def _array(column: pa.ChunkedArray) -> NDArray[Any]:
    if not isinstance(column.type, pa.FixedShapeTensorType):
        return np.asarray(column.to_numpy())
    shape = (len(column), *column.type.shape)
    storage = column.cast(column.type.storage_type).combine_chunks()
    flat = storage.flatten().to_numpy(zero_copy_only=False)
    values: NDArray[Any] = flat.reshape(shape)
    return values.astype(np.bool_) if column.type.value_type == pa.uint8() else values
