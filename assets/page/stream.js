// The panorama as the server sends it, and what the server tells beside it.

import { Connection } from "./connection.js";
import { decode, encode } from "./wire.js";

/**
 * The listener's methods: told(message) for every message that is no picture,
 * stateChanged(state, reason) as in Connection.
 *
 * Each picture is decoded as it comes, and the newest decoded one is drawn: it has all that changed
 * since the last one that was acknowledged, so none that was dropped is missed. To decode only what
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
  #period = 0; // counted up when what is under way is of no use any more
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
    this.startOver();
  }

  /** Begin with a whole panorama, as after the one that pictures add to was lost. */
  startOver() {
    this.#dropAll();
    this.#sayWatching();
  }

  /**
   * The newest picture to draw, or null: the fields of a `picture` but its JPEG, and { seq, bitmap,
   * receivedMs, decodedMs }. The bitmap is null where nothing changed; close it.
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

  /** Send a message of the page that is none of this stream's own. */
  say(name, values) {
    this.#connection.send(encode(name, values, performance.now()));
  }

  #opened() {
    this.#dropAll();
    if (!this.#watching) this.#sayWatching();
  }

  #sayWatching() {
    const values = { watching: this.#watching };
    this.#connection.send(encode("watch", values, performance.now()));
  }

  #understand(data) {
    const receivedMs = performance.now();
    try {
      const message = decode(data);
      if (message.message === "picture") {
        const period = this.#period;
        this.#decoding = this.#decoding.then(() => this.#decode(message, receivedMs, period));
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

  async #decode({ jpeg, frame_seq: seq, ...picture }, receivedMs, period) {
    if (!this.#watching || period !== this.#period) return;
    let bitmap = null;
    if (jpeg.length > 0) {
      const blob = new Blob([jpeg], { type: "image/jpeg" });
      const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
      bitmap = await createImageBitmap(blob, options).catch((error) => this.#giveUp(error));
      if (!bitmap) return;
    }
    if (!this.#watching || period !== this.#period) {
      bitmap?.close();
      return;
    }
    this.#drop();
    this.#ready = { ...picture, seq, bitmap, receivedMs, decodedMs: performance.now() };
  }

  /** What this page cannot read it could not read the next time either. */
  #giveUp(error) {
    this.#connection.close();
    this.#listener.stateChanged(
      "refused",
      `the server's messages are not understood: ${error.message}`,
    );
  }

  #dropAll() {
    this.#period++;
    this.#drop();
  }

  #drop() {
    this.#ready?.bitmap?.close();
    this.#ready = null;
  }
}
