// Reads head, hands and controllers from WebXR's frames.

import { pinchOf, squeezeOf } from "./hand_shape.js";
import { rowByRow, writeQuaternion } from "./pose.js";

const JOINTS = 25;
const AXES = 4;
const BUTTONS = 8;
const SIDE = { left: 0, right: 1 };

/** The sides of a sample for Tracking; the arrays in it are written anew at each frame. */
export class HeadsetInput {
  hands = [null, null];
  controllers = [null, null];
  #hands = [new HandReader(), new HandReader()];

  /** Whatever was tracked is so no more. */
  clear() {
    this.hands = [null, null];
    this.controllers = [null, null];
  }

  /** Read both sides as they are in a frame. stage: the reference space. */
  read(frame, stage) {
    this.clear();
    for (const source of frame.session.inputSources) {
      const side = SIDE[source.handedness];
      if (side === undefined) continue;
      if (source.hand) this.hands[side] = this.#hands[side].read(source.hand, frame, stage);
      else if (source.gripSpace) this.controllers[side] = readController(source, frame, stage);
    }
  }
}

/** stage_from_head for a sample, or null where the headset only guesses its position. */
export function readHead(viewerPose) {
  if (!viewerPose || viewerPose.emulatedPosition) return null;
  return rowByRow(viewerPose.transform.matrix);
}

/** Reads one hand again and again into the same arrays. */
class HandReader {
  #hand = null;
  #spaces = [];
  #poses = new Float32Array(16 * JOINTS);
  #read = {
    stageFromWrist: [],
    joints: new Float32Array(3 * JOINTS),
    orientations: new Float32Array(4 * JOINTS),
    radii: new Float32Array(JOINTS),
    pinch: 0,
    squeeze: 0,
  };

  /** A hand for a sample, or null if any of its joints is not tracked. */
  read(hand, frame, stage) {
    if (hand !== this.#hand) {
      this.#hand = hand;
      this.#spaces = [...hand.values()]; // wrist first, the order of our messages
    }
    const [poses, read] = [this.#poses, this.#read];
    if (!frame.fillPoses(this.#spaces, stage, poses)) return null;
    if (!frame.fillJointRadii(this.#spaces, read.radii)) read.radii.fill(NaN);
    for (let joint = 0; joint < JOINTS; joint++) {
      const at = 16 * joint;
      for (let i = 0; i < 3; i++) read.joints[3 * joint + i] = poses[at + 12 + i];
      writeQuaternion(poses, at, read.orientations, 4 * joint);
    }
    read.stageFromWrist = rowByRow(poses);
    read.pinch = pinchOf(read.joints);
    read.squeeze = squeezeOf(read.joints);
    return read;
  }
}

/**
 * A controller that is out of sight still has its buttons, and a stop must come through: only its
 * pose, and with it the controller in our messages, is missing then. A pose that the headset
 * estimates from the controller's own motion counts.
 */
export function readController({ gripSpace, gamepad }, frame, stage) {
  const pose = frame.getPose(gripSpace, stage);
  const numbers = (given, count) => Array.from({ length: count }, (_, i) => given?.[i] ?? 0);
  return {
    stageFromGrip: pose ? rowByRow(pose.transform.matrix) : null,
    axes: numbers(gamepad?.axes, AXES),
    buttons: numbers(gamepad?.buttons.map((button) => button?.value), BUTTONS),
  };
}
