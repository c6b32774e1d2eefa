// A WebSocket that comes back by itself.

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 4000;
const RETRY_GROWTH = 1.7;

// Closing codes after which the server does not want this page back: the same tab has connected
// anew, or its token is wrong.
export const REPLACED = 4001;
const WRONG_TOKEN = 4003;
const FINAL_CODES = new Set([REPLACED, WRONG_TOKEN]);

/**
 * `address` is asked at each attempt, so that it may change. protocols: as for a WebSocket. The
 * listener's methods:
 * opened(), received(ArrayBuffer), and stateChanged(state, reason) with the state "closed",
 * "connecting", "open", "waiting" (it will try again) or "refused" (it will not).
 */
export class Connection {
  #address;
  #protocols;
  #listener;
  #socket = null;
  #retryMs = FIRST_RETRY_MS;
  #timer = 0;
  state = "closed";
  code = 0; // with which it was closed the last time

  constructor(address, protocols, listener) {
    this.#address = address;
    this.#protocols = protocols;
    this.#listener = listener;
  }

  open() {
    this.close();
    this.#set("connecting", "");
    const socket = new WebSocket(this.#address(), this.#protocols);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#set("open", "");
      this.#listener.opened();
    };
    socket.onmessage = ({ data }) => {
      // A server that accepts and then closes at once is not back yet.
      this.#retryMs = FIRST_RETRY_MS;
      this.#listener.received(data);
    };
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
    this.#socket = socket;
  }

  close() {
    clearTimeout(this.#timer);
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = null;
    this.#set("closed", "");
  }

  /** Try now what would be tried later. */
  hurry() {
    if (this.state === "waiting") this.open();
  }

  /** Bytes that the network has not taken yet. */
  get backlog() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  send(bytes) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  #lost(code, reason) {
    this.#socket = null;
    this.code = code;
    if (FINAL_CODES.has(code)) {
      this.#set("refused", reason);
      return;
    }
    this.#set("waiting", reason);
    this.#timer = setTimeout(() => this.open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * RETRY_GROWTH, LAST_RETRY_MS);
  }

  #set(state, reason) {
    this.state = state;
    this.#listener.stateChanged(state, reason);
  }
}
