// The panel of sliders and buttons.

import { newGesture } from "./align_gestures.js";

const DEGREES = 180 / Math.PI;

// Each slider shows a stretch around its value, anew when it is let go: fine, and without an end.
const LENGTH = { span: 0.15, step: 0.0005, digits: 4 };
const ANGLE = { span: 5, step: 0.01, digits: 2 };

/** Sliders with a number each: `values` are what the command takes for one. */
const SLIDERS = [
  ...["x", "y", "z"].map((name, axis) => ({
    into: "position", name, ...LENGTH, command: "position",
    values: (value) => [axis, value], shown: (state) => state.position[axis],
  })),
  ...["x", "y", "z"].map((name, axis) => ({
    into: "target", name, ...LENGTH, command: "target",
    values: (value) => [axis, value], shown: (state) => state.target[axis],
  })),
  {
    into: "lens", name: "Fov", ...ANGLE, command: "fov",
    values: (value) => [value / DEGREES], shown: (state) => state.fov_y_rad * DEGREES,
  },
  {
    into: "lens", name: "Roll", ...ANGLE, command: "set_roll",
    values: (value) => [value / DEGREES], shown: (state) => state.roll_rad * DEGREES,
  },
];

export class AlignControls {
  #panel;
  #command;
  #gestures;
  #state = null;
  #shown = [];

  constructor(panel, command, gestures) {
    this.#panel = panel;
    this.#command = command;
    this.#gestures = gestures;
    for (const slider of SLIDERS) this.#shown.push(this.#addSlider(slider));
    this.#each("[data-mode]", (button) => {
      button.onclick = () => command("mode", { word: button.dataset.mode });
    });
    this.#each("[data-command]", (button) => {
      const values = (button.dataset.values ?? "").split(" ").filter(Boolean).map(Number);
      button.onclick = () => command(button.dataset.command, { values });
    });
    this.#each("[data-tool]", (button) => {
      button.onclick = () => {
        gestures.tool = button.dataset.tool;
        this.#showTools();
      };
    });
    this.#toggle("freeze", (state) => state.frozen);
    this.#toggle("randomise", (state) => state.randomised);
    const before = this.#find("as_before");
    before.onpointerdown = () => command("as_before", { values: [1] });
    before.onpointerup = before.onpointerleave = () => {
      if (this.#state?.as_before) command("as_before", { values: [0] });
    };
    this.#find("sample").onclick = () => {
      command("sample", { values: [(this.#state?.sample ?? 0) + 1] });
    };
    this.#find("opacity").oninput = ({ target }) => {
      command("opacity", { values: [target.valueAsNumber] });
    };
    this.#find("picking").onclick = () => gestures.pick(!gestures.picking);
    gestures.onPicking = () => this.#showTools();
    this.#showTools();
  }

  /** The server's newest word. */
  show(state) {
    this.#state = state;
    this.#each("[data-mode]", (button) => mark(button, button.dataset.mode === state.mode));
    mark(this.#find("freeze"), state.frozen);
    mark(this.#find("randomise"), state.randomised);
    mark(this.#find("as_before"), state.as_before);
    mark(this.#find("save"), !state.saved);
    const opacity = this.#find("opacity");
    if (document.activeElement !== opacity) opacity.valueAsNumber = state.opacity;
    this.#panel.querySelector("[data-command=undo]").disabled = state.undoable === 0;
    this.#panel.querySelector("[data-command=redo]").disabled = state.redoable === 0;
    for (const show of this.#shown) show(state);
    this.#showAdvice();
  }

  #addSlider({ into, name, span, step, digits, command, values, shown }) {
    const line = document.createElement("div");
    line.className = "line";
    line.append(name);
    const range = Object.assign(document.createElement("input"), { type: "range", step: "any" });
    const number = Object.assign(document.createElement("input"), { type: "number", step });
    range.setAttribute("aria-label", `${into} ${name}`);
    number.setAttribute("aria-label", `${into} ${name}, exactly`);
    range.id = `${into}_${name.toLowerCase()}`;
    line.append(range, number);
    this.#find(into).append(line);
    let gesture = 0;
    let held = false;
    range.onpointerdown = () => {
      held = true;
      gesture = newGesture();
    };
    range.onpointerup = range.onpointercancel = () => {
      held = false;
      range.blur();
      if (this.#state) show(this.#state);
    };
    range.oninput = () => {
      this.#command(command, { values: values(range.valueAsNumber), gesture });
    };
    number.onchange = () => {
      if (Number.isNaN(number.valueAsNumber)) return;
      this.#command(command, { values: values(number.valueAsNumber), gesture: newGesture() });
    };
    const show = (state) => {
      const value = shown(state);
      if (document.activeElement !== number) number.value = value.toFixed(digits);
      if (held) return;
      range.min = value - span;
      range.max = value + span;
      range.value = value;
    };
    return show;
  }

  #toggle(id, isOn) {
    this.#find(id).onclick = () => {
      if (this.#state) this.#command(id, { values: [isOn(this.#state) ? 0 : 1] });
    };
  }

  #showTools() {
    const { tool, picking } = this.#gestures;
    this.#each("[data-tool]", (button) => mark(button, button.dataset.tool === tool));
    mark(this.#find("picking"), picking);
    this.#showAdvice();
  }

  #showAdvice() {
    const points = this.#state?.real_points ?? [];
    const waits = points.length > 0 && Number.isNaN(points.at(-1));
    const whole = points.length / 2 - (waits ? 1 : 0);
    const count = whole === 1 ? "1 point." : `${whole} points.`;
    this.#find("advice").textContent = !this.#gestures.picking
      ? `${count} Pick six or more, then refine.`
      : waits
        ? `${count} Click the same point of the real robot.`
        : `${count} Click a corner of the simulated robot.`;
  }

  #find(id) {
    return this.#panel.querySelector(`#${id}`);
  }

  #each(selector, act) {
    this.#panel.querySelectorAll(selector).forEach(act);
  }
}

function mark(button, on) {
  button.classList.toggle("on", on);
  button.setAttribute("aria-pressed", String(on));
}
