// What mouse and keys do to the simulated camera. Each gesture says how far it has gone since it
// began, so that nothing adds up that was lost or rounded, and all of it is undone together.

const TURN = "turn", MOVE = "move", ZOOM = "zoom";

const WHEEL_M = 1e-4; // 1 cm a notch of 100
const WHEEL_ZOOM = 3e-4; // 3 % a notch
const DRAG_ZOOM = 2e-3; // a factor of e in 500 px
const DRAG_ROLL = 1e-3; // rad a pixel
const WHEEL_PAUSE_MS = 400; // afterwards the wheel begins another gesture
const CLICK_PX = 4; // the mouse may move so far in a click

const STEP_M = 0.005;
const TURN_PX = 4;
const KEY_ZOOM = 0.01;
const KEY_ROLL = 0.002;

// Right, up and forward, in steps.
const STEPS = {
  ArrowLeft: [-1, 0, 0],
  ArrowRight: [1, 0, 0],
  ArrowUp: [0, 1, 0],
  ArrowDown: [0, -1, 0],
  PageUp: [0, 0, 1],
  PageDown: [0, 0, -1],
};
const MODES = ["blend", "difference", "edges", "real", "simulated", "composite"];

let gestures = Math.floor(Math.random() * 2 ** 40); // another page's are others

/** A number that no gesture had before. */
export const newGesture = () => ++gestures;

/**
 * canvas: the picture. say(name, { values, word, gesture }): asks the server. changed(): the
 * marks have to be drawn anew.
 */
export class AlignGestures {
  #canvas;
  #say;
  #changed;
  #drag = null;
  #wheel = null;
  #key = null;
  #due = null; // the newest of what is to be sent: one an animation frame will do
  #state = null;
  #modeBefore = "blend";
  tool = MOVE;
  picking = false;
  pointer = null; // where the mouse is, picture pixels
  onPicking = () => {};

  constructor(canvas, say, changed) {
    this.#canvas = canvas;
    this.#say = say;
    this.#changed = changed;
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#release(event));
    canvas.addEventListener("pointercancel", () => this.#end());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#turnWheel(event), { passive: false });
    addEventListener("keydown", (event) => this.#pressKey(event));
    addEventListener("keyup", (event) => this.#releaseKey(event));
    addEventListener("blur", () => (this.#key = null));
  }

  /** The server's newest word. */
  show(state) {
    const waited = this.#waits;
    this.#state = state;
    if (this.picking && waited !== this.#waits) this.#showWhatIsClicked();
  }

  /** Say what has happened since the last time. */
  send() {
    if (this.#due) this.#say(...this.#due);
    this.#due = null;
  }

  /** Ask for something after that. */
  #command(name, rest) {
    this.send();
    this.#say(name, rest);
  }

  /** Let clicks pick points, first of the simulated robot and then in the real picture, or not. */
  pick(picking) {
    if (picking === this.picking) return;
    this.picking = picking;
    this.#canvas.classList.toggle("picking", picking);
    if (picking) {
      this.#modeBefore = this.#state?.mode ?? "blend";
      this.#command("freeze", { values: [1] });
      this.#showWhatIsClicked();
    } else {
      this.#command("freeze", { values: [0] });
      this.#command("mode", { word: this.#modeBefore });
    }
    this.onPicking();
    this.#changed();
  }

  /** Whether a picked point waits for its place in the real picture. */
  get #waits() {
    const points = this.#state?.real_points ?? [];
    return points.length > 0 && Number.isNaN(points.at(-1));
  }

  #showWhatIsClicked() {
    this.#command("mode", { word: this.#waits ? "real" : "simulated" });
  }

  /** Where an event is in the picture, px: (0, 0) is the upper left pixel's centre. */
  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    const scale = Math.min(width / this.#canvas.width, height / this.#canvas.height);
    return {
      x: (clientX - left - width / 2) / scale + this.#canvas.width / 2 - 0.5,
      y: (clientY - top - height / 2) / scale + this.#canvas.height / 2 - 0.5,
    };
  }

  #press(event) {
    if (this.#drag || event.button === 1) return;
    event.preventDefault();
    document.activeElement?.blur?.(); // keys are for the picture again
    this.#canvas.setPointerCapture(event.pointerId);
    const tool = event.button === 2 ? TURN : this.tool;
    this.#drag = { tool, at: this.#place(event), gesture: newGesture(), moved: false };
    this.#canvas.classList.add("dragged");
  }

  #move(event) {
    this.pointer = this.#place(event);
    if (this.picking) this.#changed();
    const drag = this.#drag;
    if (!drag) return;
    const right = this.pointer.x - drag.at.x;
    const down = this.pointer.y - drag.at.y;
    if (this.picking && !drag.moved && Math.hypot(right, down) < CLICK_PX) return;
    drag.moved = true;
    const { gesture, at, tool } = drag;
    if (tool === MOVE) this.#due = ["drag", { values: [at.x, at.y, right, down], gesture }];
    else if (tool === TURN) this.#due = ["turn", { values: [right, down], gesture }];
    else if (Math.abs(down) >= Math.abs(right)) {
      this.#due = ["zoom", { values: [Math.exp(-down * DRAG_ZOOM)], gesture }];
    } else this.#due = ["roll", { values: [right * DRAG_ROLL], gesture }];
  }

  #release(event) {
    const drag = this.#drag;
    this.#move(event);
    this.#end();
    if (!drag || drag.moved || !this.picking || event.button !== 0) return;
    this.#command(this.#waits ? "put" : "pick", { values: [drag.at.x, drag.at.y] });
  }

  #end() {
    this.send();
    this.#drag = null;
    this.#canvas.classList.remove("dragged");
  }

  #turnWheel(event) {
    event.preventDefault();
    const zooms = event.ctrlKey || this.tool === ZOOM;
    const now = performance.now();
    const before = this.#wheel;
    if (!before || before.zooms !== zooms || now - before.atMs > WHEEL_PAUSE_MS) {
      this.#wheel = { zooms, gesture: newGesture(), turned: 0 };
    }
    this.#wheel.atMs = now;
    this.#wheel.turned -= event.deltaY;
    const { gesture, turned } = this.#wheel;
    this.#due = zooms
      ? ["zoom", { values: [Math.exp(turned * WHEEL_ZOOM)], gesture }]
      : ["step", { values: [0, 0, turned * WHEEL_M], gesture }];
  }

  #pressKey(event) {
    const { code, key, shiftKey, ctrlKey, metaKey } = event;
    if (event.target.matches("input[type=number]")) return;
    if (ctrlKey || metaKey) {
      const asked = { z: shiftKey ? "redo" : "undo", y: "redo", s: "save" }[key.toLowerCase()];
      if (!asked) return;
      event.preventDefault();
      this.#command(asked);
      return;
    }
    const motion = motionOf(code, key, shiftKey);
    if (motion) {
      event.preventDefault();
      this.#repeat(code, motion);
      return;
    }
    if (event.repeat) return;
    const mode = MODES[Number(key) - 1];
    if (mode) this.#command("mode", { word: mode });
    else if (code === "KeyF") this.#command("freeze", { values: [this.#state?.frozen ? 0 : 1] });
    else if (code === "KeyB") this.#command("as_before", { values: [1] });
    else if (code === "KeyP") this.pick(!this.picking);
    else if (code === "Escape") this.pick(false);
  }

  /** A key that is held repeats itself, and goes on with its gesture. */
  #repeat(code, [name, step]) {
    if (this.#key?.code !== code || this.#key.name !== name) {
      this.#key = { code, name, gesture: newGesture(), count: 0 };
    }
    this.#key.count++;
    const { gesture, count } = this.#key;
    const values = step.map((value) => (name === "zoom" ? value ** count : value * count));
    this.#due = [name, { values, gesture }];
  }

  #releaseKey({ code }) {
    if (code === "KeyB") this.#command("as_before", { values: [0] });
    if (this.#key?.code === code) this.#key = null;
  }
}

/** The command of a key and what it takes for one step; undefined where it is none. */
function motionOf(code, key, turns) {
  const way = STEPS[code];
  if (way && turns && way[2] === 0) return ["turn", [-way[0] * TURN_PX, way[1] * TURN_PX]];
  if (way) return ["step", way.map((part) => part * STEP_M)];
  if (key === "+" || key === "=") return ["zoom", [1 + KEY_ZOOM]];
  if (key === "-") return ["zoom", [1 / (1 + KEY_ZOOM)]];
  if (key === "[") return ["roll", [-KEY_ROLL]];
  if (key === "]") return ["roll", [KEY_ROLL]];
  return undefined;
}
