// The page: shows the panorama, and sends what the operator does.

import { headers, subprotocols, tabName, takeToken } from "./access.js";
import { CameraView } from "./camera_view.js";
import { DesktopOperator } from "./desktop.js";
import { connectButton, connectDesktop } from "./desktop_input.js";
import { Headset } from "./headset.js";
import * as overlay from "./overlay.js";
import { PanoramaView } from "./panorama_view.js";
import { PictureStream } from "./stream.js";
import { Tracking } from "./tracking.js";

const SAMPLE_MS = 1000 / 60;

// The guard tells its state twice a second.
const SILENCE_MS = 2000;

// Half of the field of view along the window's shorter side.
const HALF_VIEW = Math.tan((35 * Math.PI) / 180);

// Canvas pixels for each of the panorama's where both are densest, straight ahead.
const SHARPNESS = 1.5;

const token = takeToken();

// Opened with ?watch, a page never drives.
const onlyWatches = new URLSearchParams(location.search).has("watch");

const canvas = document.getElementById("panorama");
const operator = new DesktopOperator();
const view = new PanoramaView(canvas);
const stream = new PictureStream(() => address(location.port, "/stream"), subprotocols(token), {
  told,
  stateChanged: streamChanged,
});
const tracking = new Tracking(subprotocols(token), trackingChanged);
const cameraView = new CameraView(document.getElementById("camera"));
const headset = new Headset(view, {
  takePicture,
  pictureShown: (picture, ms, clock) => stream.acknowledge(picture, ms, clock),
  sampled: headsetSampled,
  changed: headsetChanged,
  shown: () => overlay.shown,
});
let columns = 0; // of the panorama
let paused = false;
let drawn = "";
let steppedMs = performance.now();
let sampling = 0;
let robotState = "unknown"; // as the guard last told
let toldMs = performance.now();
let stopWanted = false; // until the guard says that it has stopped
let frame = null; // as the robot's side last told: an `operator_frame`

// Pictures

function viewSlope() {
  const shorter = Math.min(canvas.width, canvas.height);
  return [(HALF_VIEW * canvas.width) / shorter, (HALF_VIEW * canvas.height) / shorter];
}

function drawFrame() {
  requestAnimationFrame(drawFrame);
  if (headset.state === "on") return;
  const picture = takePicture();
  const { yaw, pitch } = operator.view;
  const size = `${canvas.width} ${canvas.height}`;
  const wanted = `${yaw} ${pitch} ${size} ${view.yaw}`;
  if (view.hasPicture && (picture?.bitmap || wanted !== drawn)) {
    view.context.viewport(0, 0, canvas.width, canvas.height);
    view.draw(operator.viewRotation(), viewSlope());
    drawn = wanted;
  }
  if (picture) stream.acknowledge(picture, performance.now(), "performance.now");
}

/** Upload the newest picture; null where it has been taken already, or adds to one that is lost. */
function takePicture() {
  const picture = stream.take();
  if (!picture) return null;
  const uploaded = view.upload(picture);
  picture.bitmap?.close();
  if (!uploaded) {
    stream.startOver();
    return null;
  }
  if (picture.columns !== columns) {
    columns = picture.columns;
    fitCanvas();
    overlay.hideWaiting();
  }
  return picture;
}

/**
 * Give the canvas as many pixels as the panorama can fill. More would only be interpolated, which
 * the browser does anyway, and without a GPU halve the rate of pictures.
 */
function fitCanvas() {
  if (headset.state === "on") return; // it may draw there
  const windowDensity = Math.min(innerWidth, innerHeight) / (2 * HALF_VIEW);
  const scale = Math.min(1, (SHARPNESS * columns) / (2 * Math.PI) / windowDensity);
  canvas.width = Math.round(innerWidth * scale);
  canvas.height = Math.round(innerHeight * scale);
}

// What the servers say

function address(port, path) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.hostname}${port ? `:${port}` : ""}${path}`;
}

function told(message) {
  if (message.message === "welcome") startTracking(message);
  else if (message.message === "operator_state") {
    robotState = message.state;
    toldMs = performance.now();
    if (robotState === "stopped") stopWanted = false;
    overlay.showOperator(message);
  }
  else if (message.message === "operator_frame") {
    frame = message;
    useFrame();
  }
  else if (message.message === "latency_summary") overlay.showDelay(message);
  else if (message.message === "camera_view") cameraView.show(message);
}

/** The stage of whoever else drives is not ours: for who only watches, the panorama is unturned. */
function useFrame() {
  const isOurs = frame !== null && tracking.client !== "" && frame.client === tracking.client;
  view.yaw = operator.bodyYaw = isOurs ? frame.anchor_yaw_rad : 0;
  if (frame) overlay.showFrame(frame, isOurs);
}

/** Each welcome may come from another server than the last, with another tracking port. */
async function startTracking({ client, recording }) {
  if (recording) {
    overlay.showTracking("a recording's");
    return;
  }
  const answer = await fetch("session.json", { headers: headers(token) });
  if (!answer.ok) {
    overlay.showNotice("tracking", `Your hands are not sent: ${await answer.text()}`);
    return;
  }
  const { port, path, public: reached = {} } = (await answer.json()).tracking;
  const query = new URLSearchParams({ client, operator: tabName() });
  if (onlyWatches) query.set("watch", 1);
  const server = reached[location.origin] ?? address(port, path);
  tracking.meet(`${server}?${query}`, client);
}

function streamChanged(state, reason) {
  if (state === "open") {
    overlay.showNotice("stream", "");
    overlay.showOperator({ state: "connected", reason: "The robot's state is not known yet" });
  } else if (state !== "connecting") {
    overlay.showNotice("stream", troubled(state, reason || "the server is away"));
    overlay.showOperator({ state: "disconnected", reason: "" });
  }
}

function trackingChanged(state, reason) {
  const { seat } = tracking;
  overlay.showTracking(state);
  overlay.showSeat(state === "open", seat?.others ?? 0);
  if (state === "open" || (state === "watching" && onlyWatches)) {
    overlay.showNotice("tracking", "");
  } else if (state === "watching") {
    overlay.showNotice("tracking", troubled(state, reason), seat.taken ? "Take over" : "Drive");
  } else if (state === "waiting" || state === "refused") {
    const told = `your hands are not sent: ${reason || "the tracking server is away"}`;
    const remedy = tracking.mayReturn ? "Take over" : "";
    overlay.showNotice("tracking", troubled(state, told), remedy);
  }
}

function troubled(state, reason) {
  const retry = state === "waiting" ? " Trying again…" : "";
  return `${reason[0].toUpperCase()}${reason.slice(1)}.${retry}`;
}

// What the operator does

function sample() {
  if (document.hidden || headset.state === "on") return;
  const now = performance.now();
  stepOperator(now);
  tracking.send(withStop(operator.sample()), now);
  overlay.showHands(operator.hands, operator.active);
}

function stepOperator(now) {
  operator.step((now - steppedMs) / 1000);
  steppedMs = now;
}

/** A page that nobody sees moves nothing, and takes no pictures. */
function visibilityChanged() {
  clearInterval(sampling);
  if (document.hidden) {
    operator.releaseAll();
    if (headset.state !== "on") tracking.sendNothing("desktop", performance.now());
  } else {
    steppedMs = performance.now();
    sampling = setInterval(sample, SAMPLE_MS);
    hurry();
  }
  watchOrPause();
}

function hurry() {
  stream.hurry();
  tracking.hurry();
}

function watchOrPause() {
  stream.watch(!paused && (headset.state === "on" ? headset.isSeen : !document.hidden));
}

function pause() {
  paused = !paused;
  document.getElementById("pause").setAttribute("aria-pressed", String(paused));
  watchOrPause();
}

/** As far as is known: a guard that is not heard of was never there, or begins stopped. */
function isMoving() {
  return robotState !== "stopped" && robotState !== "unknown";
}

/** A stop that could not be sent is not forgotten before the robot has stopped. */
function withStop(sample) {
  if (sample.keys.stop && isMoving()) stopWanted = true;
  sample.keys.stop ||= stopWanted;
  return sample;
}

// In a headset

/** Whoever stands by at the keyboard can do the same; the clutch there is both hands'. */
function headsetSampled(sample, nowMs) {
  stepOperator(nowMs);
  const { engage, stop, recentre, clutch } = operator.keys();
  sample.keys.engage ||= engage;
  sample.keys.stop ||= stop;
  sample.keys.recentre ||= recentre;
  if (clutch.includes(true)) sample.keys.clutch = [true, true];
  for (const [name, held] of Object.entries(operator.adjustments())) sample.adjust[name] ||= held;
  tracking.send(withStop(sample), nowMs);
}

async function toggleHeadset() {
  if (headset.state === "on") headset.leave();
  else {
    overlay.showNotice("headset", "");
    await headset.enter().catch(headsetRefused);
  }
}

function headsetRefused(error) {
  overlay.showNotice("headset", `The headset cannot be entered: ${error.message}`);
}

function headsetChanged() {
  operator.releaseAll();
  if (headset.state === "on") {
    // To enter is to want to drive, also where another page does.
    if (!onlyWatches) tracking.takeOver();
    hurry();
  } else {
    // Other hands drive from now on: the robot stops, and does not jump to them.
    operator.hold("stop");
    operator.release("stop");
    drawn = "";
    fitCanvas();
  }
  watchOrPause();
  offerHeadset();
}

async function offerHeadset() {
  const enter = (await Headset.isThere()) ? "Enter VR" : "";
  overlay.showHeadset(headset.state === "on" ? "Leave VR" : enter);
}

const commands = {
  Tab: () => operator.switchHand(),
  KeyG: () => operator.assume("grasp"),
  KeyT: () => operator.assume("flat"),
  KeyP: pause,
  KeyH: overlay.toggleHelp,
};

const radiansPerPixel = () => (2 * Math.atan(HALF_VIEW)) / Math.min(innerWidth, innerHeight);
connectDesktop(operator, canvas, radiansPerPixel, commands, sample);
connectButton(operator, document.getElementById("engage"), "engage", sample);
connectButton(operator, document.getElementById("stop"), "stop", sample);
document.querySelectorAll(".hand").forEach((button, side) => {
  button.addEventListener("click", () => (operator.active = side));
});
document.getElementById("pause").addEventListener("click", pause);
document.getElementById("show-help").addEventListener("click", overlay.toggleHelp);
document.getElementById("headset").addEventListener("click", toggleHeadset);
document.getElementById("take-over").addEventListener("click", () => tracking.takeOver());
document.getElementById("hand-over").addEventListener("click", () => tracking.handOver());

// Start

let before = { shown: 0, sent: 0 };
setInterval(() => {
  const { shown } = stream;
  const { sent } = tracking;
  overlay.showPicture(stream.state, stream.watching, shown - before.shown);
  if (tracking.state === "open") overlay.showTracking("open", sent - before.sent);
  before = { shown, sent };
  if (stream.state === "open" && performance.now() - toldMs > SILENCE_MS) {
    robotState = "unknown";
    overlay.showOperator({ state: robotState, reason: "Nothing is heard of the robot's guard" });
  }
}, 1000);

document.addEventListener("visibilitychange", visibilityChanged);
addEventListener("resize", fitCanvas);
navigator.xr?.addEventListener("devicechange", offerHeadset);
offerHeadset();
visibilityChanged();
requestAnimationFrame(drawFrame);
stream.open();

/** For tests, and for those who look into their browser's console. Only `look` changes anything. */
window.panodora = Object.freeze({
  get stream() {
    return stream.state;
  },
  get tracking() {
    return tracking.state;
  },
  get client() {
    return tracking.client;
  },
  get picturesShown() {
    return stream.shown;
  },
  get lastFrameSeq() {
    return stream.lastSeq;
  },
  get samplesHeldBack() {
    return tracking.heldBack;
  },
  get samplesSent() {
    return tracking.sent;
  },
  get watching() {
    return stream.watching;
  },
  get activeHand() {
    return operator.active === 0 ? "left" : "right";
  },
  get hands() {
    return structuredClone(operator.hands);
  },
  get view() {
    return { ...operator.view };
  },
  get cameraViewsShown() {
    return cameraView.shown;
  },
  /** Where the panorama's centre is, rad, positive left of the stage's forward. */
  get panoramaYaw() {
    return view.yaw;
  },
  get headset() {
    return headset.state;
  },
  get headsetFrames() {
    return headset.frames;
  },
  look: ({ yaw, pitch }) => operator.look(yaw, pitch),
});
