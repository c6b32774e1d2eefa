// 48 sliders that turn the joints of a hand's skeleton. The server does the kinematics, as the
// fit's own, and tells where the joints are; here they are drawn.

const BONE_COLOURS = ["#e07a5f", "#f2cc8f", "#81b29a", "#6c9bd1", "#b48ead"];
const LIMIT = 3.14;
const STEP = 0.01;
const RADIANS_A_PIXEL = 0.008;

const form = document.querySelector("form");
const canvas = document.querySelector("canvas");
const said = document.querySelector("#said");
const pen = canvas.getContext("2d");
const sliders = [];
const camera = { yaw: 0.25, pitch: -0.9, metresHigh: 0.32 };

let joints = [];
let waiting = false;
let changed = true;

const socket = new WebSocket(new URL("joints", location.href.replace(/^http/, "ws")));
socket.addEventListener("open", () => { said.textContent = ""; });
socket.addEventListener("close", () => { said.textContent = "The server has ended; start it again."; });
socket.addEventListener("message", ({ data }) => {
  const told = JSON.parse(data);
  if (told.names) {
    makeSliders(told.names);
    ask();
    return;
  }
  joints = told.joints;
  waiting = false;
  draw();
  if (changed) ask();
});

function makeSliders(names) {
  for (const name of names) {
    for (const axis of [0, 1, 2]) {
      const label = document.createElement("label");
      const slider = document.createElement("input");
      const value = document.createElement("output");
      // The value last: until the limits are there it would be 50.
      Object.assign(slider, { type: "range", min: -LIMIT, max: LIMIT, step: STEP, value: 0 });
      const tell = () => { value.textContent = Number(slider.value).toFixed(2); };
      slider.addEventListener("input", () => { tell(); ask(); });
      tell();
      label.append(`${name} ${"xyz"[axis]}`, value, slider);
      document.querySelector("#sliders").append(label);
      sliders.push(slider);
    }
  }
}

// One question at a time: the newest angles are asked for when the answer before is here.
function ask() {
  changed = waiting;
  if (waiting || socket.readyState !== WebSocket.OPEN || !sliders.length) return;
  waiting = true;
  socket.send(JSON.stringify({
    side: new FormData(form).get("side"),
    angles: sliders.map((slider) => Number(slider.value)),
  }));
}

document.querySelector("button").addEventListener("click", () => {
  for (const slider of sliders) {
    slider.value = 0;
    slider.dispatchEvent(new Event("input"));
  }
});
form.addEventListener("change", ask);
form.addEventListener("submit", (event) => event.preventDefault());

// The wrist's axes: x right, y out of the back of the hand, -z towards the fingers.
function seen([x, y, z]) {
  const [cosYaw, sinYaw] = [Math.cos(camera.yaw), Math.sin(camera.yaw)];
  const [cosPitch, sinPitch] = [Math.cos(camera.pitch), Math.sin(camera.pitch)];
  const across = cosYaw * x + sinYaw * z;
  const towards = -sinYaw * x + cosYaw * z;
  const pixels = canvas.height / camera.metresHigh;
  return [
    canvas.width / 2 + pixels * across,
    canvas.height * 0.6 - pixels * (cosPitch * y + sinPitch * towards),
  ];
}

function draw() {
  canvas.width = canvas.clientWidth * devicePixelRatio;
  canvas.height = canvas.clientHeight * devicePixelRatio;
  pen.lineCap = "round";
  if (!joints.length) return;
  const places = joints.map(seen);
  for (let finger = 0; finger < 5; finger += 1) {
    const first = 1 + 4 * finger;
    pen.strokeStyle = pen.fillStyle = BONE_COLOURS[finger];
    pen.lineWidth = 5 * devicePixelRatio;
    pen.beginPath();
    pen.moveTo(...places[0]);
    for (let joint = first; joint < first + 4; joint += 1) pen.lineTo(...places[joint]);
    pen.stroke();
    for (let joint = first; joint < first + 4; joint += 1) dot(places[joint]);
  }
  pen.fillStyle = "#e8eaed";
  dot(places[0]);
}

function dot([x, y]) {
  pen.beginPath();
  pen.arc(x, y, 5 * devicePixelRatio, 0, 2 * Math.PI);
  pen.fill();
}

canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
canvas.addEventListener("pointermove", (event) => {
  if (!canvas.hasPointerCapture(event.pointerId)) return;
  camera.yaw += event.movementX * RADIANS_A_PIXEL;
  camera.pitch += event.movementY * RADIANS_A_PIXEL;
  draw();
});
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  camera.metresHigh = Math.min(2, Math.max(0.05, camera.metresHigh * 1.001 ** event.deltaY));
  draw();
}, { passive: false });
addEventListener("resize", draw);

// For tests: what is shown.
globalThis.skeleton = { get joints() { return joints; }, sliders };
