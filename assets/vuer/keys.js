// The keys of whoever stands by, at the computer on which Vuer's page is open.

const KEYS = {
  Enter: "engage",
  Escape: "stop",
  KeyB: "recentre",
  Space: "clutch",
  KeyX: "scale_up",
  KeyZ: "scale_down",
  KeyN: "measure_neck",
};

/** Which of them are held; changed() is called when that changes. */
export class Keys {
  #held = new Set();
  #changed;

  constructor(changed) {
    this.#changed = changed;
    // Before Vuer's own shortcuts, which know Escape and others too.
    addEventListener("keydown", (event) => this.#down(event), true);
    addEventListener("keyup", ({ code }) => this.#up(code), true);
    addEventListener("blur", () => this.#letGo());
    document.addEventListener("visibilitychange", () => this.#letGo());
  }

  has(name) {
    return this.#held.has(name);
  }

  #down({ code, target, repeat }) {
    const isText = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
    if (repeat || !(code in KEYS) || (isText && code !== "Escape")) return;
    this.#held.add(KEYS[code]);
    this.#changed();
  }

  #up(code) {
    if (this.#held.delete(KEYS[code])) this.#changed();
  }

  #letGo() {
    if (this.#held.size === 0) return;
    this.#held.clear();
    this.#changed();
  }
}
