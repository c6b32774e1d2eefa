// The panorama as the server sends it, and what the server tells beside it.

import { Connection } from "./connection.js";
import { decode, encode } from "./wire.js";

/**
 * The listener's methods: told(message) for every message that is no picture,
 * stateChanged(state, reason) as in Connection.
 *
 * Each picture is decoded as it comes, and the newest decoded one is drawn. To decode only what
 * will be drawn gives a slow machine a fifth more pictures, but each twice as old (measured: 92 ms
 * in place of 42). The server sends no more than a few pictures that were not acknowledged, so no
 * more are decoded.
 */
export class PictureStream {
  #connection;
  #listener;
  #ready = null;
  #decoding = Promise.resolve();
  #watching = true;
  shown = 0;
  lastSeq = -1;

  constructor(address, protocols, listener) {
    this.#listener = listener;
    this.#connection = new Connection(address, protocols, {
      opened: () => this.#opened(),
      received: (data) => this.#understand(data),
      stateChanged: (state, reason) => listener.stateChanged(state, reason),
    });
  }

  get state() {
    return this.#connection.state;
  }

  get watching() {
    return this.#watching;
  }

  open() {
    this.#connection.open();
  }

  hurry() {
    this.#connection.hurry();
  }

  /** Pause or go on. A pause drops what is under way. */
  watch(watching) {
    if (watching === this.#watching) return;
    this.#watching = watching;
    this.#drop();
    this.#connection.send(encode("watch", { watching }, performance.now()));
  }

  /**
   * The newest picture to draw, or null: { seq, columns, rows, bitmap, receivedMs, decodedMs }.
   * Close the bitmap.
   */
  take() {
    const picture = this.#ready;
    this.#ready = null;
    return picture;
  }

  /**
   * Say that a taken picture is on the screen; the server may then send another. shownMs: since
   * when, or from when on; clock: by which clock.
   */
  acknowledge(picture, shownMs, clock) {
    const { seq, receivedMs, decodedMs } = picture;
    const values = {
      frame_seq: seq,
      received_ms: receivedMs,
      decoded_ms: decodedMs,
      shown_ms: shownMs,
      clock,
    };
    this.shown++;
    this.lastSeq = seq;
    this.#connection.send(encode("picture_shown", values, performance.now()));
  }

  #opened() {
    this.#drop();
    if (!this.#watching) {
      this.#connection.send(encode("watch", { watching: false }, performance.now()));
    }
  }

  #understand(data) {
    const receivedMs = performance.now();
    try {
      const message = decode(data);
      if (message.message === "picture") {
        this.#decoding = this.#decoding.then(() => this.#decode(message, receivedMs));
      } else if (message.message === "clock_question") {
        this.#tellTime(message.number, receivedMs);
      } else {
        this.#listener.told(message);
      }
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** What the server asks to know when, by its own clock, pictures are shown here. */
  #tellTime(number, receivedMs) {
    const answeredMs = performance.now();
    const values = { number, received_ms: receivedMs, answered_ms: answeredMs };
    this.#connection.send(encode("clock_answer", values, answeredMs));
  }

  async #decode({ frame_seq: seq, columns, rows, jpeg }, receivedMs) {
    if (!this.#watching) return;
    const blob = new Blob([jpeg], { type: "image/jpeg" });
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    const bitmap = await createImageBitmap(blob, options).catch((error) => this.#giveUp(error));
    if (!bitmap) return;
    this.#drop();
    const decodedMs = performance.now();
    if (this.#watching) this.#ready = { seq, columns, rows, bitmap, receivedMs, decodedMs };
    else bitmap.close();
  }

  /** What this page cannot read it could not read the next time either. */
  #giveUp(error) {
    this.#connection.close();
    this.#listener.stateChanged(
      "refused",
      `the server's messages are not understood: ${error.message}`,
    );
  }

  #drop() {
    this.#ready?.bitmap.close();
    this.#ready = null;
  }
}
