// The page in a headset: WebXR's session, its frames, and what is drawn for each eye.

import { GhostHands } from "./ghost_hands.js";
import { HeadsetInput, readHead } from "./headset_input.js";
import { HeadsetKeys } from "./headset_keys.js";
import { StatusPanel } from "./status_panel.js";

const SESSION = { requiredFeatures: ["local-floor"], optionalFeatures: ["hand-tracking"] };

// Nothing of ours is nearer than a hand before the eyes, and nothing has a depth to compare.
const LAYER = { alpha: false, antialias: false, depth: false };

// An emulator's hands stand still to the last digit; a real hand that does so is not tracked.
const isNative = /\[native code\]/.test(navigator.xr?.requestSession);
const SOURCE = isNative ? "webxr" : "webxr-emulator";

/**
 * view: the PanoramaView whose texture and context serve here too. The listener's methods:
 * takePicture() uploads the newest picture, if there is one, and returns it; pictureShown(picture,
 * ms, clock); sampled(sample, nowMs) gets a sample for Tracking, each frame; changed() is called
 * when a session begins or ends and when it is seen or not; shown() returns what the panel says.
 */
export class Headset {
  #view;
  #listener;
  #session = null;
  #stage = null;
  #ghost = null;
  #panel = null;
  #input = new HeadsetInput();
  #keys = new HeadsetKeys();
  #hadControllers = false;
  #rotation = new Float32Array(9);
  #slope = new Float32Array(2);
  #middle = new Float32Array(2);
  state = "off"; // or "entering", "on"
  frames = 0;

  constructor(view, listener) {
    this.#view = view;
    this.#listener = listener;
    // A context that was lost takes the session's framebuffer with it.
    view.context.canvas.addEventListener("webglcontextlost", () => this.leave());
  }

  /** Whether a headset is here that can be entered. */
  static async isThere() {
    return (await navigator.xr?.isSessionSupported("immersive-vr").catch(() => false)) ?? false;
  }

  /** Whether the headset shows us, and nothing over us. */
  get isSeen() {
    return this.#session !== null && this.#session.visibilityState !== "hidden";
  }

  /** Begin a session; to be called from a click. Throws what the browser says where it cannot. */
  async enter() {
    if (this.state !== "off") return;
    this.state = "entering";
    let session = null;
    try {
      session = await navigator.xr.requestSession("immersive-vr", SESSION);
      session.addEventListener("end", () => this.#ended());
      await this.#start(session);
    } catch (error) {
      this.state = "off";
      await session?.end().catch(() => {}); // it may have ended already
      throw error;
    }
  }

  leave() {
    this.#session?.end().catch(() => {}); // it may have ended already
  }

  async #start(session) {
    const gl = this.#view.context;
    await gl.makeXRCompatible();
    this.#stage = await session.requestReferenceSpace("local-floor");
    // The stage turns or moves: hands that stay where they are would jump.
    this.#stage.addEventListener("reset", () => this.#keys.stop());
    this.#ghost = new GhostHands(gl);
    this.#panel = new StatusPanel(gl);
    session.updateRenderState({ baseLayer: new XRWebGLLayer(session, gl, LAYER) });
    session.addEventListener("visibilitychange", () => this.#visibilityChanged());
    this.#session = session;
    this.state = "on";
    // Other hands drive from now on.
    this.#keys = new HeadsetKeys();
    this.#keys.stop();
    this.#listener.changed();
    session.requestAnimationFrame(this.#frame);
  }

  #ended() {
    if (this.#session === null) return;
    this.#session = null;
    this.state = "off";
    this.#letGo();
    this.#ghost.remove();
    this.#panel.remove();
    this.#view.context.bindFramebuffer(this.#view.context.FRAMEBUFFER, null);
    this.#listener.changed();
  }

  #visibilityChanged() {
    if (!this.isSeen) this.#letGo(); // no frame may come to say so
    this.#listener.changed();
  }

  /** Nothing is tracked, and the robot stops. */
  #letGo() {
    const nowMs = performance.now();
    this.#input.clear();
    this.#keys.stop();
    this.#sample(null, nowMs);
  }

  #frame = (timeMs, frame) => {
    const { session } = frame;
    session.requestAnimationFrame(this.#frame);
    const pose = frame.getViewerPose(this.#stage);
    if (session.visibilityState === "visible") this.#input.read(frame, this.#stage);
    else this.#input.clear();
    this.#sample(readHead(pose), performance.now());
    const picture = this.#listener.takePicture();
    this.#panel.update(this.#listener.shown(), this.#hadControllers);
    if (pose) this.#draw(session.renderState.baseLayer, pose);
    this.frames++;
    if (picture) {
      const predicted = frame.predictedDisplayTime;
      if (predicted === undefined) this.#listener.pictureShown(picture, timeMs, "XRFrame time");
      else this.#listener.pictureShown(picture, predicted, "predictedDisplayTime");
    }
  };

  #sample(head, nowMs) {
    const { hands, controllers } = this.#input;
    const { adjust, ...keys } = this.#keys.read(hands, controllers, nowMs);
    const sample = { source: SOURCE, head, hands, keys, adjust };
    const hasControllers = controllers.some((controller) => controller !== null);
    if (hasControllers || this.#hadControllers) {
      sample.controllers = controllers.map((each) => (each?.stageFromGrip ? each : null));
    }
    this.#hadControllers = hasControllers;
    this.#listener.sampled(sample, nowMs);
  }

  #draw(layer, pose) {
    const gl = this.#view.context;
    gl.bindFramebuffer(gl.FRAMEBUFFER, layer.framebuffer);
    gl.clearColor(0.04, 0.055, 0.08, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    for (const eye of pose.views) {
      const { x, y, width, height } = layer.getViewport(eye);
      if (width === 0 || height === 0) continue;
      gl.viewport(x, y, width, height);
      if (this.#view.hasPicture) this.#drawPanorama(eye);
      this.#drawOver(eye, pose, height);
    }
  }

  /** The sphere stays around each eye: of its pose only the rotation counts. */
  #drawPanorama({ transform, projectionMatrix: p }) {
    const m = transform.matrix;
    for (let i = 0; i < 9; i++) this.#rotation[i] = m[4 * (i % 3) + Math.floor(i / 3)];
    // Where a ray with tangent t meets the picture: x = p[0] t - p[8], from edge to edge -1 to 1.
    this.#slope[0] = 1 / p[0];
    this.#slope[1] = 1 / p[5];
    this.#middle[0] = p[8] / p[0];
    this.#middle[1] = p[9] / p[5];
    this.#view.draw(this.#rotation, this.#slope, this.#middle);
  }

  #drawOver({ transform, projectionMatrix }, pose, viewportHeight) {
    const gl = this.#view.context;
    const viewFromStage = transform.inverse.matrix;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    for (const hand of this.#input.hands) {
      if (hand) this.#ghost.draw(hand, projectionMatrix, viewFromStage, viewportHeight);
    }
    this.#panel.draw(projectionMatrix, viewFromStage, pose.transform.matrix);
    gl.disable(gl.BLEND);
  }
}
