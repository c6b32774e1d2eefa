// A hand for those who have none tracked: WebXR's 25 joints from one number, how far it is closed.

import { clamp, matrixOf, rigid, transformed, turned } from "./pose.js";

const DEGREE = Math.PI / 180;

// A right hand in WebXR's wrist frame, m: x to the right, y out of the back, -z to the fingers.
// Each digit bends in the plane of its x: `pitch` is how far its first bone points below forward,
// `bend` the angle to the next, and BEND_RATIO of that the one after, in degrees, open and closed.
// The thumb is opposed throughout: open it points down, and it closes forward to the fingertips.
// The tips lie where those of an Inspire hand do, over 1.1, before and while it holds a 5 cm cube.
const BEND_RATIO = 0.7;
const THUMB = {
  base: [-0.017, -0.022, -0.033],
  bones: [0.047, 0.034, 0.028],
  open: { pitch: 60, bend: -19 },
  closed: { pitch: 40, bend: -26 },
};
const FINGERS = [
  {
    knuckle: [-0.026, 0, -0.092],
    bones: [0.044, 0.029, 0.024],
    open: { pitch: 8, bend: 4 },
    closed: { pitch: 11, bend: 54 },
  },
  {
    knuckle: [-0.007, 0, -0.092],
    bones: [0.046, 0.031, 0.025],
    open: { pitch: 8, bend: 5 },
    closed: { pitch: 12, bend: 55 },
  },
  {
    knuckle: [0.012, 0, -0.09],
    bones: [0.044, 0.03, 0.025],
    open: { pitch: 8, bend: 2 },
    closed: { pitch: 9, bend: 52 },
  },
  {
    knuckle: [0.032, 0, -0.086],
    bones: [0.042, 0.029, 0.024],
    open: { pitch: 1, bend: 11 },
    closed: { pitch: 3, bend: 53 },
  },
];

// Where a finger's bone begins in the palm, as a part of the way from the wrist to the knuckle.
const METACARPAL = 0.4;

const THUMB_TIP = 4;
const INDEX_TIP = 9;
const PINCHED_M = 0.03;
const APART_M = 0.08;

/** 25 points in the wrist's frame. side: 0 left, 1 right. closure: 0 open, 1 around a 5 cm cube. */
export function handJoints(side, closure) {
  const joints = [[0, 0, 0], ...chain(THUMB.base, THUMB, closure)];
  for (const finger of FINGERS) {
    joints.push(
      finger.knuckle.map((x) => METACARPAL * x),
      ...chain(finger.knuckle, finger, closure),
    );
  }
  return side === 1 ? joints : joints.map(([x, y, z]) => [-x, y, z]);
}

/**
 * A side of a `hands` message. position: of the wrist in the stage, m. angles: yaw, pitch and roll
 * of the wrist, rad; all 0 is palm down, fingers forward.
 */
export function sampleHand(side, { position, angles, closure }) {
  const stageFromWrist = rigid(matrixOf(turned(angles)), position);
  const joints = handJoints(side, closure).map((joint) => transformed(stageFromWrist, joint));
  const gap = Math.hypot(...joints[THUMB_TIP].map((x, i) => x - joints[INDEX_TIP][i]));
  return {
    stageFromWrist,
    joints: joints.flat(),
    pinch: clamp((APART_M - gap) / (APART_M - PINCHED_M), 0, 1),
    squeeze: closure,
  };
}

/** The base and what follows it, each bone bent a little further than the last. */
function chain(base, { bones, open, closed }, closure) {
  const mix = (key) => (open[key] + closure * (closed[key] - open[key])) * DEGREE;
  const bend = mix("bend");
  let angle = mix("pitch");
  const points = [base];
  bones.forEach((length, i) => {
    const [x, y, z] = points[i];
    points.push([x, y - length * Math.sin(angle), z - length * Math.cos(angle)]);
    angle += i === 0 ? bend : BEND_RATIO * bend;
  });
  return points;
}
