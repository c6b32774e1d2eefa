// Rotations as quaternions [x, y, z, w], and rigid transforms as 16 numbers, row by row (WebXR's
// own matrices are column by column).

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

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
