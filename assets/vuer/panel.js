// A small panel low in the view of a headset: the robot's state, and what to do.

import { hintFor, PanelPaper, PLACE } from "../page/panel_paper.js";

const [WIDTH, HEIGHT] = [640, 128]; // pixels

export class Panel {
  #paper = new PanelPaper(WIDTH, HEIGHT);
  #texture = null;
  #object = null;
  #place = null;
  #painted = "";
  #seat = { drives: true, reason: "" };
  shown = { state: "unknown", reason: "" };

  /** What draws it, for a scene of three.js. */
  object(THREE) {
    this.#texture = new THREE.CanvasTexture(this.#paper.canvas);
    this.#texture.colorSpace = THREE.SRGBColorSpace;
    const material = new THREE.MeshBasicMaterial({
      map: this.#texture,
      transparent: true,
      depthTest: false,
      toneMapped: false,
    });
    const geometry = new THREE.PlaneGeometry(PLACE.widthM, (PLACE.widthM * HEIGHT) / WIDTH);
    this.#object = new THREE.Mesh(geometry, material);
    this.#object.matrixAutoUpdate = false;
    this.#object.frustumCulled = false;
    this.#object.renderOrder = 1e6;
    this.#object.visible = false;
    this.#object.raycast = () => {};
    const { distanceM, belowRad } = PLACE;
    this.#place = new THREE.Matrix4()
      .makeTranslation(0, -distanceM * Math.sin(belowRad), -distanceM * Math.cos(belowRad))
      .multiply(new THREE.Matrix4().makeRotationX(-belowRad));
    this.#painted = "";
    return this.#object;
  }

  /** state, reason: as the guard says them. */
  showState({ state, reason }) {
    this.shown = { state, reason };
  }

  /** Whether this page drives, and why not. */
  showSeat(seat) {
    this.#seat = seat;
  }

  hide() {
    if (this.#object) this.#object.visible = false;
  }

  /** Put it before a head (stageFromHead, column by column), and paint it where a word changed. */
  update(stageFromHead, byController) {
    this.#object.visible = stageFromHead !== undefined;
    if (!stageFromHead) return;
    this.#object.matrix.fromArray(stageFromHead).multiply(this.#place);
    const { state, reason } = this.shown;
    const hint = hintFor(state, byController);
    const second = this.#seat.drives ? (hint ?? reason) : this.#seat.reason;
    if (`${state} ${second}` === this.#painted) return;
    this.#painted = `${state} ${second}`;
    this.#paper.paint(state, [state, second]);
    this.#texture.needsUpdate = true;
  }
}
