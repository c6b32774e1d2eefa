// What Vuer's client does for us at each frame: shows the panorama, and reads what is asked for.

import { HeadsetKeys } from "../page/headset_keys.js";
import { HandDots } from "./hands.js";
import { VuerInput } from "./input.js";
import { Panel } from "./panel.js";
import { Panorama } from "./panorama.js";

export class Loop {
  #stream;
  #onlyWatches;
  #input = null;
  #asked = new HeadsetKeys();
  #keys = null;
  #panorama = null;
  #dots = null;
  #session = null;
  #stage = null;
  #send = () => {};
  panel = new Panel();
  client = "";
  drives = false;
  frames = 0; // drawn in the headset
  #frame = null;

  /** stream: a PictureStream. onlyWatches: whether this page never drives. */
  constructor(stream, onlyWatches) {
    this.#stream = stream;
    this.#onlyWatches = onlyWatches;
  }

  get isOn() {
    return this.#session !== null;
  }

  get yaw() {
    return this.#panorama?.yaw ?? 0;
  }

  /** The component that Vuer's scene has as <Panodora/>. React, THREE, FIBER, VUER: Vuer's own. */
  component({ React, THREE, FIBER, VUER }) {
    const loop = this;
    this.#input = new VuerInput(VUER);
    return function Panodora() {
      const { gl, invalidate } = FIBER.useThree();
      const { sendMsg, downlink } = VUER.useSocket();
      const drawn = React.useMemo(() => loop.#begin(THREE, gl), [gl]);
      React.useEffect(() => loop.#connect(sendMsg, downlink), [sendMsg, downlink]);
      React.useEffect(() => loop.#follow(gl), [gl]);
      // Vuer draws a frame when something of the scene changes, which a new picture is not.
      React.useEffect(() => {
        const timer = setInterval(() => loop.isOn || invalidate(), 1000 / 60);
        return () => clearInterval(timer);
      }, [invalidate]);
      FIBER.useFrame((state, delta, frame) => loop.#drawFrame(gl, frame));
      return React.createElement("primitive", { object: drawn });
    };
  }

  /** The server says how the operator's frame stands; another client's is not ours. */
  showFrame(frame) {
    this.#frame = frame;
    const isOurs = frame.client === this.client;
    if (this.#panorama) this.#panorama.yaw = isOurs ? frame.anchor_yaw_rad : 0;
  }

  /** keys: a Keys, of which one went up or down. */
  keysChanged(keys) {
    this.#keys = keys;
    if (this.#input && !this.isOn) this.#sendKeys();
  }

  /** A page that nobody sees takes no pictures. */
  watchOrPause() {
    const seen = this.isOn ? this.#session.visibilityState !== "hidden" : !document.hidden;
    this.#stream.watch(seen);
  }

  #begin(THREE, gl) {
    // What was shown by another canvas is not in this one's texture.
    if (this.#panorama) this.#stream.startOver();
    this.#panorama = new Panorama(THREE, gl);
    if (this.#frame) this.showFrame(this.#frame);
    const group = new THREE.Group();
    this.#dots = new HandDots(THREE);
    group.add(this.#panorama.object, this.#dots.object, this.panel.object(THREE));
    return group;
  }

  #connect(sendMsg, downlink) {
    this.#send = sendMsg;
    return downlink.subscribe("PANODORA_SEAT", ({ data }) => {
      this.drives = data.drives;
      this.panel.showSeat(data);
    });
  }

  #follow(gl) {
    const began = () => this.#began(gl.xr.getSession(), gl.xr);
    const ended = () => this.#ended();
    gl.xr.addEventListener("sessionstart", began);
    gl.xr.addEventListener("sessionend", ended);
    return () => {
      gl.xr.removeEventListener("sessionstart", began);
      gl.xr.removeEventListener("sessionend", ended);
    };
  }

  #began(session, xr) {
    this.#session = session;
    this.#stage = null;
    session.addEventListener("visibilitychange", () => {
      if (session.visibilityState !== "visible") this.#letGo();
      this.watchOrPause();
    });
    // The stage turns or moves: hands that stay where they are would jump.
    xr.getReferenceSpace()?.addEventListener("reset", () => this.#asked.stop());
    this.#asked = new HeadsetKeys();
    this.#asked.stop();
    // To enter is to want to drive, also where another page does.
    if (!this.#onlyWatches) this.#send({ etype: "PANODORA_CLAIM", ts: Date.now(), value: {} });
    this.watchOrPause();
  }

  #ended() {
    this.#session = null;
    this.#letGo();
    this.watchOrPause();
  }

  /** Nothing is tracked, and the robot stops. */
  #letGo() {
    this.#input.clear();
    this.#asked.stop();
    this.#sendKeys();
  }

  #drawFrame(gl, frame) {
    const session = gl.xr.getSession();
    this.#stage = gl.xr.getReferenceSpace();
    const picture = this.#takePicture();
    if (session && frame) {
      if (session.visibilityState === "visible") this.#input.read(frame, this.#stage);
      else this.#input.clear();
      this.#sendKeys(rayFromGrip(frame));
      this.#dots.update(this.#input.hands);
      const hasControllers = this.#input.controllers.some((each) => each !== null);
      this.panel.update(frame.getViewerPose(this.#stage)?.transform.matrix, hasControllers);
      this.frames++;
    } else {
      this.panel.hide();
      this.#dots.update([]);
    }
    if (picture) this.#acknowledge(picture, frame);
  }

  #acknowledge(picture, frame) {
    const predicted = frame?.predictedDisplayTime;
    if (predicted !== undefined) {
      this.#stream.acknowledge(picture, predicted, "predictedDisplayTime");
    } else {
      this.#stream.acknowledge(picture, performance.now(), "performance.now");
    }
  }

  #takePicture() {
    const picture = this.#stream.take();
    if (!picture) return null;
    const uploaded = this.#panorama.upload(picture);
    picture.bitmap?.close();
    if (uploaded) return picture;
    this.#stream.startOver();
    return null;
  }

  /** What the operator asks for, by gestures, controllers and keys. */
  #sendKeys(rays = []) {
    const nowMs = performance.now();
    const { hands, controllers } = this.#input;
    const asked = this.#asked.read(hands, controllers, nowMs);
    const held = (name) => this.#keys?.has(name) ?? false;
    const value = {
      engage: asked.engage || held("engage"),
      stop: asked.stop || held("stop"),
      recentre: asked.recentre || held("recentre"),
      clutch: held("clutch") ? [true, true] : asked.clutch,
      scale_up: asked.adjust.scale_up || held("scale_up"),
      scale_down: asked.adjust.scale_down || held("scale_down"),
      measure_neck: asked.adjust.measure_neck || held("measure_neck"),
      ray_from_grip: rays,
    };
    this.#send({ etype: "PANODORA_KEYS", ts: Date.now(), value });
  }
}

/**
 * How each side's controller is held against where it points, column by column: Vuer tells only the
 * latter. Empty where there are none.
 */
function rayFromGrip(frame) {
  const rays = [];
  for (const { hand, handedness, gripSpace, targetRaySpace } of frame.session.inputSources) {
    if (hand || !gripSpace || handedness === "none") continue;
    const matrix = frame.getPose(gripSpace, targetRaySpace)?.transform.matrix;
    rays[handedness === "left" ? 0 : 1] = matrix ? Array.from(matrix) : null;
  }
  return Array.from(rays, (matrix) => matrix ?? null);
}
