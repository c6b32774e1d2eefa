// Rotations as quaternions [x, y, z, w], and rigid transforms as 16 numbers, row by row (WebXR's
// own matrices go column by column).

/** The rotation by an angle in rad about axis 0, 1 or 2. */
export function rotationAbout(axis, angle) {
  const quaternion = [0, 0, 0, Math.cos(angle / 2)];
  quaternion[axis] = Math.sin(angle / 2);
  return quaternion;
}

/** The rotation b, and then a. */
export function multiply([ax, ay, az, aw], [bx, by, bz, bw]) {
  return [
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
    aw * bw - ax * bx - ay * by - az * bz,
  ];
}

/** The rotation that turns about the upright axis last, tilts before that, and rolls first. */
export function turned({ yaw, pitch, roll }) {
  const tilt = multiply(rotationAbout(0, pitch), rotationAbout(2, roll));
  return multiply(rotationAbout(1, yaw), tilt);
}

/** A rotation's matrix, 9 numbers row by row. */
export function matrixOf([x, y, z, w]) {
  return [
    1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
    2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
    2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
  ];
}

/** The rigid transform with this rotation matrix and translation. */
export function rigid(rotation, translation) {
  const [a, b, c, d, e, f, g, h, i] = rotation;
  const [x, y, z] = translation;
  return [a, b, c, x, d, e, f, y, g, h, i, z, 0, 0, 0, 1];
}

/** Where a rigid transform takes a point. */
export function transformed(m, [x, y, z]) {
  return [0, 4, 8].map((row) => m[row] * x + m[row + 1] * y + m[row + 2] * z + m[row + 3]);
}

/** A 4x4 matrix row by row from WebXR's, which goes column by column; at: where it begins. */
export function rowByRow(m, at = 0) {
  return Array.from({ length: 16 }, (_, i) => m[at + 4 * (i % 4) + (i >> 2)]);
}

/**
 * Write the rotation of a 4x4 matrix that goes column by column as x y z w. at: where the matrix
 * begins; to: where in `into` the quaternion does. Its largest component is found first, as near a
 * half turn w says nothing (Shepperd 1978).
 */
export function writeQuaternion(m, at, into, to) {
  const [a, b, c] = [m[at], m[at + 5], m[at + 10]];
  const squares = [1 + a - b - c, 1 - a + b - c, 1 - a - b + c, 1 + a + b + c];
  const largest = squares.indexOf(Math.max(...squares));
  const cell = (row, column) => m[at + 4 * column + row];
  const scale = 0.5 / Math.sqrt(squares[largest]);
  for (let i = 0; i < 4; i++) {
    into[to + i] = scale * (i === largest ? squares[i] : crossTerm(cell, i, largest));
  }
}

/** 4 times the product of two components of the quaternion. */
function crossTerm(cell, i, j) {
  if (i < 3 && j < 3) return cell(i, j) + cell(j, i);
  const axis = Math.min(i, j);
  const [next, last] = [(axis + 1) % 3, (axis + 2) % 3];
  return cell(last, next) - cell(next, last);
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
