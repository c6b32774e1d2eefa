// What someone in a headset asks for, who sees no keys: by gestures and by controllers.

import { touchedFinger } from "./hand_shape.js";

// Both hands must do the same for so long: nobody does that by chance, and both must be tracked.
const HELD_MS = 1000;
const NECK_HELD_MS = 3000;
const PINCHED = 0.9;

// The neck is measured for so long after its gesture: the hands are free while the head turns.
const NECK_MS = 8000;

// Places in WebXR's xr-standard order. Every other button stops.
const [TRIGGER, SQUEEZE, THUMBSTICK] = [0, 1, 3];
const DRIVING = [TRIGGER, SQUEEZE, THUMBSTICK];
const STICK_Y = 3; // of the axes; -1 is ahead

const PRESSED = 0.5; // of a button that tells how far it is pressed
const TILTED = 0.7;

// A stop counts for so long from the first frame that tells of it, in many samples: a busy machine
// may drop one.
const STOP_MS = 250;

/**
 * With hands: thumb to little finger of either one stops; to pinch with both for a second engages;
 * thumb to middle finger clutches that hand; thumb to ring finger with both for a second
 * re-centres, and for three measures the neck from then on. With controllers: see docs/headset.md.
 * Nothing is asked for while the stop lasts, and to engage after it needs to let go first.
 */
export class HeadsetKeys {
  #grasp = new Span();
  #ring = new Span();
  #mustLetGo = false;
  #mustStop = false; // which no frame has told of yet
  #stopUntilMs = -Infinity;
  #neckUntilMs = -Infinity;

  /** Stop for a moment, whatever the hands do, from the next frame on, however late it comes. */
  stop() {
    this.#mustStop = true;
    this.#mustLetGo = true;
  }

  /**
   * The levels of `operator_input`, and as `adjust` those of `operator_adjustment`. hands,
   * controllers: as HeadsetInput has them. A controller without a pose can only stop.
   */
  read(hands, controllers, nowMs) {
    const touched = hands.map((hand) => hand && touchedFinger(hand.joints));
    if (touched.includes("little") || controllers.some(isStopPressed)) this.stop();
    if (this.#mustStop) this.#stopUntilMs = nowMs + STOP_MS;
    this.#mustStop = false;
    const stop = nowMs < this.#stopUntilMs;
    const tracked = controllers.map((controller) => (controller?.stageFromGrip ? controller : null));
    const grasping = (held) => hands.every((hand, side) => grasps(hand, held[side]));
    // To be out of sight is not to let go.
    if (!grasping(controllers)) this.#mustLetGo = false;
    const graspMs = this.#grasp.last(grasping(tracked) && !stop && !this.#mustLetGo, nowMs);
    const ringMs = this.#ring.last(!stop && touched.every((finger) => finger === "ring"), nowMs);
    if (ringMs >= NECK_HELD_MS) this.#neckUntilMs = nowMs + NECK_MS;
    const [left, right] = tracked;
    const stick = right?.axes[STICK_Y] ?? 0;
    return {
      engage: graspMs >= HELD_MS,
      stop,
      recentre: !stop && (ringMs >= HELD_MS || isPressed(left, THUMBSTICK)),
      clutch: touched.map((finger) => !stop && finger === "middle"),
      adjust: {
        scale_up: stick <= -TILTED,
        scale_down: stick >= TILTED,
        measure_neck: nowMs < this.#neckUntilMs || isPressed(right, THUMBSTICK),
      },
    };
  }
}

/** For how long something has been so. */
class Span {
  #sinceMs = null;

  /** In ms; 0 where it is not so, and where it begins to be. */
  last(isSo, nowMs) {
    if (isSo) this.#sinceMs ??= nowMs;
    else this.#sinceMs = null;
    return isSo ? nowMs - this.#sinceMs : 0;
  }
}

function isPressed(controller, button) {
  return (controller?.buttons[button] ?? 0) >= PRESSED;
}

function isStopPressed(controller) {
  return controller?.buttons.some((value, i) => value >= PRESSED && !DRIVING.includes(i)) ?? false;
}

/** Whether a side makes its half of the sign to engage: a pinch, or both buttons of a grip. */
function grasps(hand, controller) {
  if (hand) return hand.pinch >= PINCHED;
  return isPressed(controller, TRIGGER) && isPressed(controller, SQUEEZE);
}
