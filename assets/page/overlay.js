// The cards over the panorama.

const element = (id) => document.getElementById(id);

const CONNECTIONS = {
  closed: "off",
  connecting: "connecting",
  open: "connected",
  waiting: "trying again",
  refused: "off",
};

/** The operator's state as the guard tells it: an `operator_state` message. */
export function showOperator({ state, reason }) {
  element("operator").dataset.state = state;
  element("state").textContent = state;
  element("reason").textContent = reason;
}

/** The overall delay: the last row of a `latency_summary`. */
export function showDelay({ stages, p50_ms, p95_ms }) {
  const last = stages.length - 1;
  const known = last >= 0 && Number.isFinite(p50_ms[last]);
  element("delay").textContent = known ? `${p50_ms[last].toFixed(0)} ms` : "–";
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

/** state: of a Connection, or words. */
export function showTracking(state) {
  fill("tracking", CONNECTIONS[state] ?? state, state in CONNECTIONS && state !== "open");
}

const notices = new Map();

/**
 * A sentence that the operator must see; an empty one takes it away. from: who says it; one notice
 * stands at a time. takeOver: whether the operator may take over from another page.
 */
export function showNotice(from, sentence, takeOver = false) {
  notices.delete(from);
  if (sentence) notices.set(from, { sentence, takeOver });
  const [notice] = notices.values();
  element("notice").hidden = !notice;
  element("notice-text").textContent = notice?.sentence ?? "";
  element("take-over").hidden = !notice?.takeOver;
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

function fill(id, text, bad) {
  element(id).textContent = text;
  element(id).toggleAttribute("data-bad", bad);
}
