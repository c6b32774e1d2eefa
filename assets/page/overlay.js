// The cards over the panorama.

const element = (id) => document.getElementById(id);

const CONNECTIONS = {
  closed: "off",
  connecting: "connecting",
  open: "connected",
  watching: "watching",
  waiting: "trying again",
  refused: "off",
};

/** What the cards say, for the panel in a headset. */
export const shown = {
  state: "connecting",
  reason: "",
  isOneSided: false, // the hands do different things
  frame: "", // what is special about the operator's frame, in a few words
  advice: "",
  notice: "",
  picture: "–",
  tracking: "–",
  delay: "–",
};

/** The operator's state as the guard tells it: an `operator_state` message. */
export function showOperator({ state, reason, left_state, right_state }) {
  Object.assign(shown, { state, reason, isOneSided: left_state !== right_state });
  element("operator").dataset.state = state;
  element("state").textContent = state;
  element("reason").textContent = reason;
}

/** The operator's frame: an `operator_frame` message. Whose it is not needs no advice. */
export function showFrame(frame, isOurs) {
  fill("frame", frameWords(frame), false);
  fill("advice", isOurs ? frame.advice : "", false);
}

function frameWords({ clutched: [left, right], motion_scale, anchor_yaw_rad, neck_measured }) {
  const degrees = Math.round((anchor_yaw_rad * 180) / Math.PI);
  const words = [];
  if (left && right) words.push("both hands clutched");
  else if (left || right) words.push(`${left ? "left" : "right"} hand clutched`);
  if (motion_scale !== 1) words.push(`motion \u00d7${motion_scale}`);
  if (degrees) words.push(`turned ${Math.abs(degrees)}\u00b0 ${degrees > 0 ? "left" : "right"}`);
  if (neck_measured) words.push("neck measured");
  return words.join(" \u00b7 ");
}

/** The overall delay: the last row of a `latency_summary`. */
export function showDelay({ stages, p50_ms, p95_ms }) {
  const last = stages.length - 1;
  const known = last >= 0 && Number.isFinite(p50_ms[last]);
  shown.delay = known ? `${p50_ms[last].toFixed(0)} ms` : "–";
  element("delay").textContent = shown.delay;
  element("delay").title = known
    ? `${stages[last]}: median ${p50_ms[last].toFixed(1)} ms, 95% in ${p95_ms[last].toFixed(1)} ms`
    : "";
}

/** state: of a Connection; rate: pictures a second. */
export function showPicture(state, watching, rate) {
  const text = !watching
    ? "paused"
    : state === "open"
      ? `${rate.toFixed(0)} / s`
      : CONNECTIONS[state];
  fill("picture", text, state !== "open" || !watching);
}

/** state: of a Connection, or words; rate: samples a second, where they are sent. */
export function showTracking(state, rate = null) {
  if (state === "open" && rate !== null) fill("tracking", `${rate.toFixed(0)} / s`, false);
  else fill("tracking", CONNECTIONS[state] ?? state, state in CONNECTIONS && state !== "open" && state !== "watching");
}

const notices = new Map();

/**
 * A sentence that the operator must see; an empty one takes it away. from: who says it; one notice
 * stands at a time. remedy: what the button beside it does that makes this page drive, if any.
 */
export function showNotice(from, sentence, remedy = "") {
  notices.delete(from);
  if (sentence) notices.set(from, { sentence, remedy });
  const [notice] = notices.values();
  shown.notice = notice?.sentence ?? "";
  element("notice").hidden = !notice;
  element("notice-text").textContent = shown.notice;
  element("take-over").hidden = !notice?.remedy;
  element("take-over").textContent = notice?.remedy ?? "";
}

let handsShown = "";

/** Called often: the page is touched only where something differs. */
export function showHands(hands, active) {
  const closures = hands.map((hand) => hand.closure.toFixed(2));
  const wanted = `${closures} ${active}`;
  if (wanted === handsShown) return;
  handsShown = wanted;
  document.querySelectorAll(".hand").forEach((button, side) => {
    button.setAttribute("aria-pressed", side === active);
    button.querySelector("meter").value = closures[side];
  });
}

export function toggleHelp() {
  element("help").hidden = !element("help").hidden;
}

export function hideWaiting() {
  element("waiting").hidden = true;
}

/** Show or hide the way into a headset. label: what its button does; empty where there is none. */
export function showHeadset(label) {
  element("headset").hidden = label === "";
  element("headset").textContent = label;
}

/** drives: whether this page does; others: how many watch it. */
export function showSeat(drives, others) {
  element("engage").disabled = !drives;
  element("hand-over").hidden = !drives || others === 0;
}

function fill(id, text, bad) {
  shown[id] = text;
  element(id).textContent = text;
  element(id).toggleAttribute("data-bad", bad);
}
