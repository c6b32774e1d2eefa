// The page of `dataflows/overlay.yml`: one flat picture after the other, as large as they fit.

import { subprotocols, takeToken } from "./access.js";
import { PictureStream } from "./stream.js";

const RATE_OVER_MS = 1000;

const canvas = document.getElementById("picture");
const state = document.getElementById("state");
const context = canvas.getContext("2d", { alpha: false });
const stream = new PictureStream(streamAddress, subprotocols(takeToken()), {
  told: () => {},
  stateChanged: (name, reason) => {
    connection = name;
    if (name !== "open") state.textContent = reason || `The picture stands still: ${name}.`;
  },
});
let connection = "closed";
let counted = 0;
let countedSinceMs = performance.now();

function streamAddress() {
  return `${location.protocol.replace("http", "ws")}//${location.host}/stream`;
}

function drawFrame() {
  requestAnimationFrame(drawFrame);
  const picture = stream.take();
  if (!picture) return;
  const { columns, rows, bitmap } = picture;
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  stream.acknowledge(picture, performance.now(), "performance.now");
  counted++;
  const passedMs = performance.now() - countedSinceMs;
  if (connection === "open" && passedMs >= RATE_OVER_MS) {
    state.textContent = `${columns} x ${rows}, ${((1000 * counted) / passedMs).toFixed(0)} Hz`;
    counted = 0;
    countedSinceMs = performance.now();
  }
}

stream.open();
drawFrame();

// For tests and the curious.
window.camera = { stream, canvas };
