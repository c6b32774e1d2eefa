// What a tracked hand does, from where its 25 WebXR joints are (75 numbers, m).

import { clamp } from "./pose.js";

const WRIST = 0;
const THUMB_TIP = 4;
const INDEX_TIP = 9;
const MIDDLE_TIP = 14;
const RING_TIP = 19;
const LITTLE_TIP = 24;
const FINGERS = [5, 10, 15, 20]; // their first joints, in the palm

// A tip joint lies inside the finger: tips that touch are this far apart.
const TOUCHING_M = 0.02;
const APART_M = 0.08;

// From the wrist to a fingertip, as a part of the way along the bones: of 621 frames of a real
// hand those with a straight hand have 0.92 to 0.98, those with a fist 0.42 to 0.45.
const STRAIGHT = 0.92;
const FIST = 0.45;

// For what does not stop, a little more counts as a touch: in the same frames a thumb on the ring
// finger is up to 26 mm from it.
const NEAR_M = 0.026;

// An index finger that far from the thumb is not in the grasp.
const OUT_OF_GRASP_M = 0.05;

/** Thumb against index finger: 0 apart, 1 touching. */
export function pinchOf(joints) {
  return closeness(distance(joints, THUMB_TIP, INDEX_TIP), APART_M, TOUCHING_M);
}

/** How far the four fingers are closed: 0 straight, 1 a fist. */
export function squeezeOf(joints) {
  let reach = 0;
  for (const palm of FINGERS) {
    let way = distance(joints, WRIST, palm + 1);
    for (let joint = palm + 1; joint < palm + 4; joint++) way += distance(joints, joint, joint + 1);
    reach += distance(joints, WRIST, palm + 4) / way;
  }
  return closeness(reach / FINGERS.length, STRAIGHT, FIST);
}

/**
 * Which finger the thumb touches while the index finger is away, as no grasp does: "middle", "ring",
 * "little" or null. Where it touches the little finger, that counts: it stops.
 */
export function touchedFinger(joints) {
  if (distance(joints, THUMB_TIP, INDEX_TIP) <= OUT_OF_GRASP_M) return null;
  if (distance(joints, THUMB_TIP, LITTLE_TIP) < TOUCHING_M) return "little";
  const toMiddle = distance(joints, THUMB_TIP, MIDDLE_TIP);
  const toRing = distance(joints, THUMB_TIP, RING_TIP);
  if (Math.min(toMiddle, toRing) >= NEAR_M) return null;
  return toMiddle < toRing ? "middle" : "ring";
}

function distance(joints, a, b) {
  const [i, j] = [3 * a, 3 * b];
  return Math.hypot(
    joints[i] - joints[j],
    joints[i + 1] - joints[j + 1],
    joints[i + 2] - joints[j + 2],
  );
}

function closeness(value, none, full) {
  return clamp((none - value) / (none - full), 0, 1);
}
