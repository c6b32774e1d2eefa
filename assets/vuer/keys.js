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
    // Nobody else hears them: Vuer's client has shortcuts of its own, and Enter would press again
    // the button by which VR was entered.
    addEventListener("keydown", (event) => this.#down(event), true);
    addEventListener("keyup", (event) => this.#up(event), true);
    addEventListener("blur", () => this.#letGo());
    document.addEventListener("visibilitychange", () => this.#letGo());
  }

  has(name) {
    return this.#held.has(name);
  }

  #down(event) {
    if (!isOurs(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.repeat) return;
    this.#held.add(KEYS[event.code]);
    this.#changed();
  }

  #up(event) {
    if (!this.#held.delete(KEYS[event.code])) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#changed();
  }

  #letGo() {
    if (this.#held.size === 0) return;
    this.#held.clear();
    this.#changed();
  }
}

/** What is typed into a field is not for the robot; Escape stops wherever it is pressed. */
function isOurs({ code, target }) {
  const isText = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  return code in KEYS && (code === "Escape" || !isText);
}
