// Keys, mouse and touch for DesktopOperator.

// By the key's place on the keyboard, so that W A S D lie together on every layout. A pair is an
// action without Shift and one with it.
const HELD_KEYS = {
  KeyW: ["forward", "tiltDown"],
  KeyS: ["back", "tiltUp"],
  KeyA: ["left", "rollLeft"],
  KeyD: ["right", "rollRight"],
  KeyR: ["up", "up"],
  KeyF: ["down", "down"],
  KeyQ: ["turnLeft", "turnLeft"],
  KeyE: ["turnRight", "turnRight"],
  KeyC: ["close", "close"],
  KeyV: ["open", "open"],
  Space: ["clutch", "clutch"],
  KeyB: ["recentre", "recentre"],
  KeyZ: ["scaleDown", "scaleDown"],
  KeyX: ["scaleUp", "scaleUp"],
  KeyN: ["measureNeck", "measureNeck"],
  ArrowLeft: ["lookLeft", "lookLeft"],
  ArrowRight: ["lookRight", "lookRight"],
  ArrowUp: ["lookUp", "lookUp"],
  ArrowDown: ["lookDown", "lookDown"],
  Enter: ["engage", "engage"],
  Escape: ["stop", "stop"],
};

const CLOSURE_PER_PIXEL = 0.0006;
const LARGEST_WHEEL_STEP = 0.06;
const PIXELS_PER_LINE = 16;

/**
 * Connect the operator to the page. surface: the element to drag on. radiansPerPixel(): of the
 * picture there. commands: what other keys do, by their code. changed(): after each action,
 * at once.
 */
export function connectDesktop(operator, surface, radiansPerPixel, commands, changed) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const held = HELD_KEYS[event.code];
    const command = commands[event.code];
    if (!held && !command) return;
    event.preventDefault();
    if (event.repeat) return;
    if (held) operator.hold(held[event.shiftKey ? 1 : 0]);
    else command();
    changed();
  });
  addEventListener("keyup", (event) => {
    for (const action of HELD_KEYS[event.code] ?? []) operator.release(action);
    if (event.code in HELD_KEYS) changed();
  });
  // A key that goes up while another window has the focus is never told.
  addEventListener("blur", () => operator.releaseAll());
  connectDragging(operator, surface, radiansPerPixel);
  connectWheel(operator, surface, changed);
}

/** Let a button hold an action as long as it is pressed. */
export function connectButton(operator, button, action, changed) {
  button.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // or the button takes the focus, and Enter presses it again
    button.setPointerCapture(event.pointerId);
    operator.hold(action);
    changed();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    button.addEventListener(end, () => {
      operator.release(action);
      changed();
    });
  }
}

function connectDragging(operator, surface, radiansPerPixel) {
  surface.addEventListener("pointerdown", (event) => {
    surface.setPointerCapture(event.pointerId);
    surface.classList.add("dragged");
  });
  surface.addEventListener("pointermove", (event) => {
    if (!surface.hasPointerCapture(event.pointerId) || !event.isPrimary) return;
    // What was grabbed stays under the pointer.
    const scale = radiansPerPixel();
    const { yaw, pitch } = operator.view;
    operator.look(yaw + event.movementX * scale, pitch + event.movementY * scale);
  });
  surface.addEventListener("lostpointercapture", () => surface.classList.remove("dragged"));
}

function connectWheel(operator, surface, changed) {
  const turned = (event) => {
    event.preventDefault();
    const pixels =
      event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_PER_LINE : 1);
    const step =
      Math.sign(pixels) * Math.min(Math.abs(pixels) * CLOSURE_PER_PIXEL, LARGEST_WHEEL_STEP);
    operator.grip(operator.activeHand.closure + step);
    changed();
  };
  surface.addEventListener("wheel", turned, { passive: false });
}
