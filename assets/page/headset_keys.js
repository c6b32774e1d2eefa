// Engage and stop for someone who wears a headset and sees no keys.

import { touchesLittleFinger } from "./hand_shape.js";

// Both hands pinch for so long: nobody does that by chance, and both hands must be tracked for it.
const ENGAGE_MS = 1000;
const PINCHED = 0.9;

const PRESSED = 0.5; // of a button that tells how far it is pressed

// A stop counts for so long, in many samples: a busy machine may drop one.
const STOP_MS = 250;

/**
 * Thumb to little finger of either hand, or any button of a controller, stops. To pinch with both
 * hands for a second engages. Controllers drive nothing, so they engage nothing.
 */
export class HeadsetKeys {
  #pinchedSinceMs = null;
  #stopUntilMs = -Infinity;

  /** Stop for a moment, whatever the hands do. */
  stop(nowMs) {
    this.#stopUntilMs = nowMs + STOP_MS;
  }

  /** The levels of `operator_input`. hands, controllers: as in a sample for Tracking. */
  read(hands, controllers, nowMs) {
    const stops =
      hands.some((hand) => hand !== null && touchesLittleFinger(hand.joints)) ||
      controllers.some((controller) => controller?.buttons.some((value) => value >= PRESSED));
    if (stops) this.stop(nowMs);
    const stopping = nowMs < this.#stopUntilMs;
    const pinching = hands.every((hand) => hand !== null && hand.pinch >= PINCHED);
    if (!pinching || stopping) this.#pinchedSinceMs = null;
    else this.#pinchedSinceMs ??= nowMs;
    const engage = this.#pinchedSinceMs !== null && nowMs - this.#pinchedSinceMs >= ENGAGE_MS;
    return { engage, stop: stopping };
  }
}
