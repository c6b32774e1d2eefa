// Starts Vuer's client with what it lacks: a token, the panorama, gestures, and a panel.

import { headers, subprotocols, tabName, takeToken } from "../page/access.js";
import { PictureStream } from "../page/stream.js";
import { Keys } from "./keys.js";
import { Loop } from "./loop.js";

// The guard tells its state twice a second.
const SILENCE_MS = 2000;

// An emulator's hands stand still to the last digit; a real hand that does so is not tracked.
const isNative = /\[native code\]/.test(navigator.xr?.requestSession);
const SOURCE = isNative ? "vuer" : "vuer-emulator";

// Closing codes after which Vuer's client does not come back: operators/vuer_site.py.
const FINAL_CODES = [4001, 4003];

const token = takeToken();
const onlyWatches = new URLSearchParams(location.search).has("watch");
const { page, entry } = document.getElementById("panodora").dataset;

const tracking = { address: "", client: "", socket: null };
const stream = new PictureStream(() => address(location.port, "/stream"), subprotocols(token), {
  told,
  stateChanged: streamChanged,
});
const loop = new Loop(stream, onlyWatches);
const keys = new Keys(() => loop.keysChanged(keys));
let started = false;
let toldMs = performance.now();

function address(port, path) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${location.hostname}${port ? `:${port}` : ""}${path}`;
}

/** Each welcome may come from another server than the last, with another tracking port. */
async function welcomed({ client, recording }) {
  if (recording) {
    notify("A recording drives: open its dataflow with our own page.");
    return;
  }
  const answer = await fetch("/session.json", { headers: headers(token) });
  if (!answer.ok) {
    notify(`Your hands are not sent: ${await answer.text()}`);
    return;
  }
  const { port, path, public: reached = {} } = (await answer.json()).tracking;
  Object.assign(tracking, { address: reached[location.origin] ?? address(port, path), client });
  loop.client = client;
  if (started) tracking.socket?.close(); // Vuer opens another, by the new name
  else await start();
}

async function start() {
  started = true;
  const Plain = WebSocket;
  const place = tracking.address;
  // A page shows its token to a WebSocket as a subprotocol, which Vuer's client knows nothing of.
  window.WebSocket = class extends Plain {
    constructor(url, protocols) {
      const isTracking = url === place || url === `${place}/`;
      super(isTracking ? trackingAddress() : url, isTracking ? subprotocols(token) : protocols);
      if (!isTracking) return;
      tracking.socket = this;
      this.addEventListener("close", ({ code, reason }) => {
        if (FINAL_CODES.includes(code)) notify(reason);
      });
    }
  };
  // What else an address may say to Vuer's client, such as whole scenes, is nobody's to say.
  const query = onlyWatches ? `ws=${place}&watch` : `ws=${place}`;
  history.replaceState(null, "", `${location.pathname}?${query}`);
  await import(page); // which makes Vuer's parts known, as window.VUER and others
  window.VUER.CONTRIB_COMPONENT_LIST.Panodora = loop.component(window);
  await import(entry);
}

function trackingAddress() {
  const query = new URLSearchParams({
    client: tracking.client,
    operator: tabName(),
    source: SOURCE,
    began_ms: performance.timeOrigin, // Vuer's client tells times of the day
  });
  if (onlyWatches) query.set("watch", 1);
  return `${tracking.address}?${query}`;
}

function told(message) {
  if (message.message === "welcome") {
    welcomed(message).catch((error) => notify(`Vuer's client cannot start: ${error.message}`));
  } else if (message.message === "operator_state") {
    toldMs = performance.now();
    loop.panel.showState(message);
  } else if (message.message === "operator_frame") {
    loop.showFrame(message);
  }
}

function streamChanged(state, reason) {
  if (state === "open" || state === "connecting") return;
  loop.panel.showState({ state: "disconnected", reason: reason || "the server is away" });
  if (!started) notify(reason || "The server is away. Trying again…");
}

/** Before Vuer's client is there to show anything. */
function notify(words) {
  if (started) loop.panel.showState({ state: "disconnected", reason: words });
  else document.getElementById("panodora-notice").textContent = words;
}

setInterval(() => {
  if (stream.state === "open" && performance.now() - toldMs > SILENCE_MS) {
    loop.panel.showState({ state: "unknown", reason: "Nothing is heard of the robot's guard" });
  }
}, 1000);

document.addEventListener("visibilitychange", () => loop.watchOrPause());
stream.open();

/** For tests, and for those who look into their browser's console. */
window.panodora = Object.freeze({
  get stream() {
    return stream.state;
  },
  get client() {
    return tracking.client;
  },
  get tracking() {
    return tracking.socket?.readyState === WebSocket.OPEN ? "open" : "waiting";
  },
  get picturesShown() {
    return stream.shown;
  },
  get lastFrameSeq() {
    return stream.lastSeq;
  },
  get headset() {
    return loop.isOn ? "on" : "off";
  },
  get headsetFrames() {
    return loop.frames;
  },
  get drives() {
    return loop.drives;
  },
  get robot() {
    return { ...loop.panel.shown };
  },
  get panoramaYaw() {
    return loop.yaw;
  },
});
