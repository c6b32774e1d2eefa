// Someone at a desk: a head that looks around, and two hands that keys move.

import { sampleHand } from "./desktop_hand.js";
import { clamp, matrixOf, rigid, transformed, turned } from "./pose.js";

const DEGREE = Math.PI / 180;

// Stage frame, m: where the head of someone who stands is, and hands that rest before it.
const HEAD = [0, 1.6, 0];
const RESTING = { x: 0.2, y: 1.4, z: -0.25 };

// How far an arm reaches: lowest and highest x, y, z of a wrist in the stage, m.
const REACH = [
  [-0.8, 0.8],
  [0.9, 2.1],
  [-1, 0.2],
];

// At first the table is in view.
const FIRST_VIEW = { yaw: 0, pitch: -25 * DEGREE };
const STEEPEST = 89 * DEGREE;

// A tap moves a few mm, to line up with; a key held down gets faster, to travel.
const SLOW_M_S = 0.05;
const FAST_M_S = 0.3;
const SPEED_UP_S = 0.6;

const TURN_RAD_S = 60 * DEGREE;
const LOOK_RAD_S = 75 * DEGREE;
const GRIP_S = 0.8; // from open to closed

// A key that was only touched counts as held for so long, in many samples: a busy machine may drop
// one, and a stop must arrive.
const TOUCH_S = 0.25;

// A page that was busy longer than this does not make up for it with a jump.
const LONGEST_STEP_S = 0.05;

const MOVES = {
  forward: [0, 0, -1],
  back: [0, 0, 1],
  left: [-1, 0, 0],
  right: [1, 0, 0],
  up: [0, 1, 0],
  down: [0, -1, 0],
};
const TURNS = {
  turnLeft: ["yaw", 1],
  turnRight: ["yaw", -1],
  tiltUp: ["pitch", 1],
  tiltDown: ["pitch", -1],
  rollLeft: ["roll", 1],
  rollRight: ["roll", -1],
};
const LOOKS = {
  lookLeft: ["yaw", 1],
  lookRight: ["yaw", -1],
  lookUp: ["pitch", 1],
  lookDown: ["pitch", -1],
};
const GRIPS = { close: 1, open: -1 };

/** Ways to hold a hand that one key turns it to. */
export const POSTURES = {
  flat: { yaw: 0, pitch: 0, roll: 0 },
  // Fingers tilted down, as a cube on a table is picked up: an Inspire hand's base is then turned
  // by the quaternion (x 0.6287, y -0.3236, z 0.3236, w 0.6287) in the world.
  grasp: { yaw: 0, pitch: -35.53 * DEGREE, roll: 0 },
};

/**
 * Holds what the operator wants and makes samples of it for Tracking. Actions are the names above
 * and the levels `engage`, `stop`, `clutch`, `recentre`, `scaleUp`, `scaleDown` and `measureNeck`.
 */
export class DesktopOperator {
  active = 1; // 0 left, 1 right
  view = { ...FIRST_VIEW };
  /** Where the body is turned, and both hands with it, rad: the robot's forward. */
  bodyYaw = 0;
  hands = [-1, 1].map((side) => ({
    position: [side * RESTING.x, RESTING.y, RESTING.z],
    angles: { ...POSTURES.flat },
    posture: null, // what it is turning to
    closure: 0,
  }));
  #held = new Map(); // action -> seconds
  #touched = new Map(); // action -> seconds for which it still counts as held

  get activeHand() {
    return this.hands[this.active];
  }

  switchHand() {
    this.active = 1 - this.active;
  }

  hold(action) {
    if (!this.#held.has(action)) this.#held.set(action, 0);
    this.#touched.set(action, TOUCH_S);
  }

  release(action) {
    this.#held.delete(action);
  }

  releaseAll() {
    this.#held.clear();
    this.#touched.clear();
  }

  /** Turn the active hand to one of POSTURES, at the speed of turning by hand. */
  assume(posture) {
    this.activeHand.posture = POSTURES[posture];
  }

  look(yaw, pitch) {
    this.view.yaw = Math.atan2(Math.sin(yaw), Math.cos(yaw));
    this.view.pitch = clamp(pitch, -STEEPEST, STEEPEST);
  }

  grip(closure) {
    this.activeHand.closure = clamp(closure, 0, 1);
  }

  /** Move on by what is held down. */
  step(seconds) {
    const time = clamp(seconds, 0, LONGEST_STEP_S);
    const hand = this.activeHand;
    for (const [action, held] of this.#held) {
      if (action in MOVES) move(hand, MOVES[action], time * speedAfter(held));
      if (action in TURNS) turn(hand, TURNS[action], time * TURN_RAD_S);
      if (action in GRIPS) this.grip(hand.closure + (GRIPS[action] * time) / GRIP_S);
      if (action in LOOKS) {
        const [angle, sign] = LOOKS[action];
        const view = { ...this.view };
        view[angle] += sign * time * LOOK_RAD_S;
        this.look(view.yaw, view.pitch);
      }
      this.#held.set(action, held + time);
    }
    for (const [action, left] of this.#touched) {
      if (left > time) this.#touched.set(action, left - time);
      else this.#touched.delete(action);
    }
    this.hands.forEach((each) => approachPosture(each, time * TURN_RAD_S));
  }

  /** The levels of `operator_input`. The clutch is the active hand's. */
  keys() {
    return {
      engage: this.#isDown("engage"),
      stop: this.#isDown("stop"),
      recentre: this.#isDown("recentre"),
      clutch: this.hands.map((_, side) => side === this.active && this.#isDown("clutch")),
    };
  }

  /** The levels of `operator_adjustment`. */
  adjustments() {
    return {
      scale_up: this.#isDown("scaleUp"),
      scale_down: this.#isDown("scaleDown"),
      measure_neck: this.#isDown("measureNeck"),
    };
  }

  /** What to send. */
  sample() {
    return {
      source: "desktop",
      head: rigid(this.viewRotation(), HEAD),
      hands: this.hands.map((hand, side) => sampleHand(side, this.#inStage(hand))),
      keys: this.keys(),
      adjust: this.adjustments(),
    };
  }

  #isDown(action) {
    return this.#held.has(action) || this.#touched.has(action);
  }

  /** A hand turned with the body, about the head. */
  #inStage({ position, angles, closure }) {
    const turn = rigid(matrixOf(turned({ yaw: this.bodyYaw, pitch: 0, roll: 0 })), HEAD);
    return {
      position: transformed(turn, position.map((x, i) => x - HEAD[i])),
      angles: { ...angles, yaw: angles.yaw + this.bodyYaw },
      closure,
    };
  }

  /** stage_from_view, 9 numbers row by row. */
  viewRotation() {
    return matrixOf(turned({ ...this.view, roll: 0 }));
  }
}

function speedAfter(seconds) {
  return SLOW_M_S + (FAST_M_S - SLOW_M_S) * Math.min(seconds / SPEED_UP_S, 1);
}

function move(hand, direction, distance) {
  hand.position = hand.position.map((x, i) => clamp(x + distance * direction[i], ...REACH[i]));
}

function turn(hand, [angle, sign], by) {
  hand.posture = null;
  const limit = angle === "pitch" ? STEEPEST : Math.PI;
  hand.angles[angle] = clamp(hand.angles[angle] + sign * by, -limit, limit);
}

function approachPosture(hand, by) {
  if (!hand.posture) return;
  let left = 0;
  for (const angle of Object.keys(hand.angles)) {
    const way = hand.posture[angle] - hand.angles[angle];
    hand.angles[angle] += clamp(way, -by, by);
    left += Math.max(Math.abs(way) - by, 0);
  }
  if (left === 0) hand.posture = null;
}
