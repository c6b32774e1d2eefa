// Sends what the operator does: head, hands and keys, of whatever source there is.

import { Connection } from "./connection.js";
import { encode } from "./wire.js";

// More than a few samples that wait for the network are old by the time they arrive.
const BACKLOG_BYTES = 32768;

const LOST_HEAD = new Array(16).fill(NaN);
const NO_KEYS = { engage: false, stop: false, recentre: false, clutch: [false, false] };
const NO_ADJUSTMENT = { scale_up: false, scale_down: false, measure_neck: false };

/**
 * A sample is { source, head, hands, controllers, keys, adjust }. head: stage_from_head, 16 numbers, or
 * null. hands: left and right, each null where it is not tracked or { stageFromWrist (16), joints
 * (75), pinch, squeeze } and, where the device gives them, orientations (100) and radii (25).
 * controllers: left out where there are none and there were none, else left and right, each null
 * or { stageFromGrip (16), axes (4), buttons (8) }. keys: as in `operator_input`, or null for none
 * held. adjust: as in `operator_adjustment`, or left out for none held.
 */
export class Tracking {
  #connection;
  #address = "";
  client = "";
  sent = 0;

  /** stateChanged(state, reason): as in Connection. */
  constructor(stateChanged) {
    this.#connection = new Connection(() => this.#address, {
      opened: () => {},
      received: () => {},
      stateChanged,
    });
  }

  /**
   * Connect, unless it is connected already or was refused. client: this page's name, which the
   * address holds too.
   */
  meet(address, client) {
    this.#address = address;
    if (this.state === "open") return;
    this.client = client;
    if (this.state !== "refused") this.open();
  }

  get state() {
    return this.#connection.state;
  }

  open() {
    this.#connection.open();
  }

  hurry() {
    this.#connection.hurry();
  }

  /** Send a sample taken at timeMs (performance.now), unless the network lags; a stop always. */
  send(sample, timeMs) {
    const lags = this.#connection.backlog > BACKLOG_BYTES;
    if (this.state !== "open" || (lags && !sample.keys?.stop)) return;
    const sender = { source: sample.source, client: this.client };
    const { head, hands, controllers, adjust } = sample;
    // A stop goes ahead of the hands that it is to stop.
    this.#say("operator_input", { ...sender, ...NO_KEYS, ...sample.keys }, timeMs);
    if (adjust && Object.values(adjust).includes(true)) {
      this.#say("operator_adjustment", { ...sender, ...NO_ADJUSTMENT, ...adjust }, timeMs);
    }
    this.#say(
      "head",
      { ...sender, valid: head !== null, stage_from_head: head ?? LOST_HEAD },
      timeMs,
    );
    // Before the hands, whose places controllers may take.
    if (controllers) {
      this.#say(
        "controllers",
        {
          ...sender,
          valid: controllers.map((controller) => controller !== null),
          stage_from_grip: bothSides(controllers, "stageFromGrip", 16),
          axes: bothSides(controllers, "axes", 4),
          buttons: bothSides(controllers, "buttons", 8),
        },
        timeMs,
      );
    }
    this.#say(
      "hands",
      {
        ...sender,
        valid: hands.map((hand) => hand !== null),
        stage_from_wrist: bothSides(hands, "stageFromWrist", 16),
        joint_positions: bothSides(hands, "joints", 75),
        joint_orientations: bothSides(hands, "orientations", 100),
        joint_radii: bothSides(hands, "radii", 25),
        pinch: hands.map((hand) => hand?.pinch ?? NaN),
        squeeze: hands.map((hand) => hand?.squeeze ?? NaN),
      },
      timeMs,
    );
    this.sent++;
  }

  /** Say that nothing is tracked and no key is held, or none but those given. */
  sendNothing(source, timeMs, keys = null) {
    this.send({ source, head: null, hands: [null, null], keys }, timeMs);
  }

  #say(name, values, timeMs) {
    this.#connection.send(encode(name, values, timeMs));
  }
}

/** What both sides have under a key, left first; NaN where a side is lost or does not have it. */
function bothSides(sides, key, length) {
  const values = new Float64Array(2 * length).fill(NaN);
  sides.forEach((side, i) => side?.[key] && values.set(side[key], i * length));
  return values;
}
