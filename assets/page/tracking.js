// Sends what the operator does: head, hands and keys, of whatever source there is.

import { Connection } from "./connection.js";
import { encode } from "./wire.js";

// More than a few samples that wait for the network are old by the time they arrive.
const BACKLOG_BYTES = 32768;

const LOST_MATRIX = new Array(16).fill(NaN);
const LOST_JOINTS = new Array(75).fill(NaN);
const NO_ORIENTATIONS = new Array(200).fill(NaN);
const NO_RADII = new Array(50).fill(NaN);
const NO_KEYS = { engage: false, stop: false, recentre: false, clutch: [false, false] };

/**
 * A sample is { source, head, hands, keys }. head: stage_from_head, 16 numbers, or null. hands:
 * left and right, each null where it is not tracked or { stageFromWrist (16), joints (75), pinch,
 * squeeze }. keys: as in `operator_input`, or null for none held.
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
    const { head, hands } = sample;
    const joined = (key, lost) => hands.flatMap((hand) => hand?.[key] ?? lost);
    this.#say(
      "head",
      { ...sender, valid: head !== null, stage_from_head: head ?? LOST_MATRIX },
      timeMs,
    );
    this.#say(
      "hands",
      {
        ...sender,
        valid: hands.map((hand) => hand !== null),
        stage_from_wrist: joined("stageFromWrist", LOST_MATRIX),
        joint_positions: joined("joints", LOST_JOINTS),
        joint_orientations: NO_ORIENTATIONS,
        joint_radii: NO_RADII,
        pinch: joined("pinch", NaN),
        squeeze: joined("squeeze", NaN),
      },
      timeMs,
    );
    this.#say("operator_input", { ...sender, ...NO_KEYS, ...sample.keys }, timeMs);
    this.sent++;
  }

  /** Say that nothing is tracked and no key is held. */
  sendNothing(source, timeMs) {
    this.send({ source, head: null, hands: [null, null], keys: null }, timeMs);
  }

  #say(name, values, timeMs) {
    this.#connection.send(encode(name, values, timeMs));
  }
}
