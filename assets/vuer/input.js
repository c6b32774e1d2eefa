// The operator's hands as Vuer's client has read them, and controllers, for gestures.

import { pinchOf } from "../page/hand_shape.js";
import { readController } from "../page/headset_input.js";

const JOINTS = 25;
const SIDES = ["left", "right"];

/** The same as our own page's HeadsetInput, without reading each joint for a second time. */
export class VuerInput {
  hands = [null, null];
  controllers = [null, null];
  #vuer;
  #joints = SIDES.map(() => new Float32Array(3 * JOINTS));

  /** vuer: what Vuer's client exports. */
  constructor(vuer) {
    this.#vuer = vuer;
  }

  /** Whatever was tracked is so no more. */
  clear() {
    this.hands = [null, null];
    this.controllers = [null, null];
  }

  /** Read both sides as they are in a frame. stage: the reference space. */
  read(frame, stage) {
    this.clear();
    for (const source of frame.session.inputSources) {
      const side = SIDES.indexOf(source.handedness);
      if (side < 0) continue;
      if (source.hand) this.hands[side] = this.#hand(side);
      else if (source.gripSpace) this.controllers[side] = readController(source, frame, stage);
    }
  }

  #hand(side) {
    const landmarks = this.#vuer.handState[`${SIDES[side]}Landmarks`];
    if (!landmarks) return null;
    const joints = this.#joints[side];
    for (const [i, name] of this.#vuer.HAND_JOINT_KEYS.entries()) {
      const matrix = landmarks[name];
      if (!matrix) return null;
      joints.set([matrix[12], matrix[13], matrix[14]], 3 * i);
    }
    return { joints, pinch: pinchOf(joints) };
  }
}
