// A small panel low in the view of a headset: the robot's state, and what to do.

const [WIDTH, HEIGHT] = [640, 128]; // pixels
const FONT = "system-ui, sans-serif";
const COLOURS = { stopped: "#e5484d", holding: "#f5b84b", tracking: "#4cc38a" };
const [INK, QUIET] = ["#eef3f9", "#b4c0ce"];

// 0.9 m from the eyes, 40 degrees below where the head points: what the hands do is above it.
const [DISTANCE_M, BELOW_RAD, WIDTH_M] = [0.9, 0.698, 0.34];

const HINTS = {
  stopped: "Pinch with both hands for a second to start",
  tracking: "Thumb to little finger stops",
};
const CONTROLLER_HINTS = {
  stopped: "Squeeze and pull both triggers for a second to start",
  tracking: "A, B, X or Y stops",
};

export class Panel {
  #canvas = document.createElement("canvas");
  #texture = null;
  #object = null;
  #place = null;
  #painted = "";
  #seat = { drives: true, reason: "" };
  shown = { state: "unknown", reason: "" };

  /** What draws it, for a scene of three.js. */
  object(THREE) {
    this.#canvas.width = WIDTH;
    this.#canvas.height = HEIGHT;
    this.#texture = new THREE.CanvasTexture(this.#canvas);
    this.#texture.colorSpace = THREE.SRGBColorSpace;
    const material = new THREE.MeshBasicMaterial({
      map: this.#texture,
      transparent: true,
      depthTest: false,
      toneMapped: false,
    });
    const geometry = new THREE.PlaneGeometry(WIDTH_M, (WIDTH_M * HEIGHT) / WIDTH);
    this.#object = new THREE.Mesh(geometry, material);
    this.#object.matrixAutoUpdate = false;
    this.#object.frustumCulled = false;
    this.#object.renderOrder = 1e6;
    this.#object.visible = false;
    this.#object.raycast = () => {};
    const [sine, cosine] = [Math.sin(BELOW_RAD), Math.cos(BELOW_RAD)];
    this.#place = new THREE.Matrix4()
      .makeTranslation(0, -DISTANCE_M * sine, -DISTANCE_M * cosine)
      .multiply(new THREE.Matrix4().makeRotationX(-BELOW_RAD));
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
    const hint = (byController ? CONTROLLER_HINTS : HINTS)[state];
    const second = this.#seat.drives ? (hint ?? reason) : this.#seat.reason;
    if (`${state} ${second}` === this.#painted) return;
    this.#painted = `${state} ${second}`;
    this.#paint(state, second);
    this.#texture.needsUpdate = true;
  }

  #paint(state, second) {
    const paper = this.#canvas.getContext("2d");
    paper.clearRect(0, 0, WIDTH, HEIGHT);
    paper.fillStyle = "rgb(14 19 27 / 72%)";
    paper.beginPath();
    paper.roundRect(2, 2, WIDTH - 4, HEIGHT - 4, 28);
    paper.fill();
    paper.fillStyle = COLOURS[state] ?? QUIET;
    paper.beginPath();
    paper.arc(44, 44, 13, 0, 2 * Math.PI);
    paper.fill();
    write(paper, state, 74, 58, `600 40px ${FONT}`);
    write(paper, second, 30, 104, `28px ${FONT}`);
  }
}

/** A line, narrowed where it would not fit. */
function write(paper, text, x, y, font) {
  paper.font = font;
  paper.fillStyle = INK;
  paper.fillText(text.charAt(0).toUpperCase() + text.slice(1), x, y, WIDTH - x - 30);
}
