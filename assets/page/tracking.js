// Sends what the operator does: head, hands and keys, of whatever source there is.

import { Connection, REPLACED } from "./connection.js";
import { decode, encode } from "./wire.js";

// More than a few samples that wait for the network are old by the time they arrive.
const BACKLOG_BYTES = 32768;

// Samples that the server has not acknowledged wait somewhere on the way, and whatever follows waits
// behind them. Where there are so many, and nothing is heard of the first for so long, few are sent.
const UNHEARD = 16;
const UNHEARD_MS = 250;
const SELDOM_MS = 250;

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
  #stateChanged;
  #address = "";
  #takesOver = false;
  #unheardMs = []; // when samples were taken of which the server has said nothing yet
  seat = null; // a `seat` message: whether this page drives, as the server last told
  client = "";
  sent = 0;
  heldBack = 0; // samples that would only have waited on the way

  /**
   * protocols: as for a WebSocket. stateChanged(state, reason): as in Connection, but that a page
   * which is connected and does not drive is "watching".
   */
  constructor(protocols, stateChanged) {
    this.#stateChanged = stateChanged;
    this.#connection = new Connection(() => this.#address + this.#wish(), protocols, {
      opened: () => {},
      received: (data) => this.#told(decode(data)),
      stateChanged: (state, reason) => this.#connectionChanged(state, reason),
    });
  }

  /**
   * Connect, unless it is connected already or was refused. client: this page's name, which the
   * address holds too.
   */
  meet(address, client) {
    this.#address = address;
    if (this.#connection.state === "open") return;
    this.client = client;
    if (this.state !== "refused") this.open();
  }

  get state() {
    if (this.#connection.state !== "open") return this.#connection.state;
    if (this.seat === null) return "connecting";
    return this.seat.drives ? "open" : "watching";
  }

  open() {
    this.#connection.open();
  }

  /** Drive, whoever does; the robot stops if somebody did. */
  takeOver() {
    if (this.state === "open") return;
    this.#takesOver = true;
    if (this.state === "watching") this.#claim(true);
    else if (this.mayReturn) this.open();
  }

  /** Drive no longer; the robot stops. */
  handOver() {
    this.#claim(false);
  }

  /** Whether this tab was only disconnected as it seemed to have connected anew. */
  get mayReturn() {
    return this.state === "refused" && this.#connection.code === REPLACED;
  }

  hurry() {
    this.#connection.hurry();
  }

  /**
   * Send a sample taken at timeMs (performance.now), unless the network lags and another will follow;
   * a stop always, also where somebody else drives.
   */
  send(sample, timeMs) {
    const { state } = this;
    const lags = this.#connection.backlog > BACKLOG_BYTES || this.#isUnheard(timeMs);
    if (state !== "open" && state !== "watching") return;
    if (state === "watching" && !sample.keys?.stop) return;
    if (lags && !sample.isLast && !sample.keys?.stop) {
      this.heldBack++;
      return;
    }
    const sender = { source: sample.source, client: this.client };
    const { head, hands, controllers, adjust } = sample;
    // A stop goes ahead of the hands that it is to stop.
    this.#say("operator_input", { ...sender, ...NO_KEYS, ...sample.keys }, timeMs);
    if (state === "watching") return;
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
    this.#unheardMs.push(timeMs);
  }

  /** Say that nothing is tracked and no key is held, or none but those given. */
  sendNothing(source, timeMs, keys = null) {
    this.send({ source, head: null, hands: [null, null], keys, isLast: true }, timeMs);
  }

  #wish() {
    return this.#takesOver ? "&take_over=1" : "";
  }

  #claim(drive) {
    this.#say("claim", { drive }, performance.now());
  }

  #isUnheard(timeMs) {
    const unheardMs = this.#unheardMs;
    if (unheardMs.length < UNHEARD) return false;
    return timeMs - unheardMs[0] > UNHEARD_MS && timeMs - unheardMs.at(-1) < SELDOM_MS;
  }

  #told(message) {
    if (message.message === "heard") {
      this.#unheardMs = this.#unheardMs.filter((takenMs) => takenMs > message.sample_ms);
    }
    if (message.message !== "seat") return;
    this.seat = message;
    if (message.drives) this.#takesOver = false;
    this.#stateChanged(this.state, message.reason);
  }

  #connectionChanged(state, reason) {
    this.seat = null;
    this.#unheardMs = [];
    if (state !== "open") this.#stateChanged(state, reason); // else it will be told who drives
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
