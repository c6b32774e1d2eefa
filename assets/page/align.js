// The page of `dataflows/align_camera.yml`: the simulated camera brought into line with the real one.

import { subprotocols, takeToken } from "./access.js";
import { AlignControls } from "./align_controls.js";
import { AlignGestures } from "./align_gestures.js";
import { drawMagnified, drawPoints } from "./align_marks.js";
import { PictureStream } from "./stream.js";

const canvas = document.getElementById("picture");
const status = document.getElementById("state");
const context = canvas.getContext("2d", { alpha: false });
const DEGREES = 180 / Math.PI;

let state = null;
let bitmap = null;
let changed = false;
let connection = "closed";
let reason = "";

const stream = new PictureStream(
  () => `${location.protocol.replace("http", "ws")}//${location.host}/stream`,
  subprotocols(takeToken()),
  {
    told: (message) => {
      if (message.message !== "align_state") return;
      state = message;
      changed = true;
      controls.show(state);
      gestures.show(state);
    },
    stateChanged: (name, why) => {
      connection = name;
      reason = why;
      changed = true;
    },
  },
);

/** Ask the server for something; `gesture` joins what is undone together. */
function say(name, { values = [], word = "", gesture = 0 } = {}) {
  stream.say("align_command", { command: name, gesture, values, word });
}

/** The same, after what a gesture has not said yet. */
function command(name, rest) {
  gestures.send();
  say(name, rest);
}

const gestures = new AlignGestures(canvas, say, () => (changed = true));
const controls = new AlignControls(document.querySelector("aside"), command, gestures);

function drawFrame() {
  requestAnimationFrame(drawFrame);
  gestures.send();
  const picture = stream.take();
  if (picture) {
    bitmap?.close();
    bitmap = picture.bitmap;
    changed = true;
  }
  if (changed) {
    changed = false;
    draw();
    tell();
  }
  if (picture) stream.acknowledge(picture, performance.now(), "performance.now");
}

function draw() {
  if (!bitmap) return;
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  context.drawImage(bitmap, 0, 0);
  if (!state) return;
  drawPoints(context, state.drawn_points, state.real_points);
  if (gestures.picking && gestures.pointer) drawMagnified(context, bitmap, gestures.pointer);
}

function tell() {
  if (connection !== "open") {
    status.textContent = reason || `The picture stands still: ${connection}.`;
    return;
  }
  if (!state) return;
  const numbers = (values) => values.map((value) => value.toFixed(3)).join(", ");
  const gap = Number.isNaN(state.edge_gap_px) ? "" : ` · edges ${state.edge_gap_px.toFixed(1)} px apart`;
  const file = state.saved ? "saved" : "not saved";
  status.classList.toggle("fault", state.fault);
  status.textContent =
    `pos ${numbers(state.position)} · target ${numbers(state.target)} · ` +
    `fov ${(state.fov_y_rad * DEGREES).toFixed(2)}° · roll ${(state.roll_rad * DEGREES).toFixed(2)}°` +
    `${gap} · ${file}` +
    (state.as_before ? "\nThis is how it was before." : "") +
    (state.sentence ? `\n${state.sentence}` : "");
}

stream.open();
drawFrame();

// For tests and the curious.
window.align = {
  stream,
  canvas,
  command,
  gestures,
  get state() {
    return state;
  },
};
