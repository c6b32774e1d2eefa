// The camera's picture with the hands found in it, beside the panorama.

// The landmarks before each of MediaPipe's 21 on the way from the wrist.
const PARENTS = [0, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19];
const COLOURS = ["#f0a028", "#3ca0f0"]; // left, right
const UNSURE = "#a9b6c6"; // a hand that is not followed

export class CameraView {
  #card;
  #canvas;
  #drawing = false;
  shown = 0;

  /** card: an element with a canvas, hidden until there is a picture. */
  constructor(card) {
    this.#card = card;
    this.#canvas = card.querySelector("canvas");
  }

  /** Show a `camera_view` message, unless the one before is still being decoded. */
  async show({ columns, rows, jpeg, valid, joints }) {
    if (this.#drawing) return;
    this.#drawing = true;
    const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })).catch(
      () => null,
    );
    this.#drawing = false;
    if (!bitmap) return;
    if (this.#canvas.width !== columns) this.#canvas.width = columns;
    if (this.#canvas.height !== rows) this.#canvas.height = rows;
    const context = this.#canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    for (const side of [0, 1]) {
      const colour = valid[side] ? COLOURS[side] : UNSURE;
      drawHand(context, joints.slice(42 * side, 42 * (side + 1)), colour);
    }
    this.#card.hidden = false;
    this.shown++;
  }
}

function drawHand(context, joints, colour) {
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.5;
  PARENTS.forEach((parent, joint) => {
    const [x, y, fromX, fromY] = [2 * joint, 2 * joint + 1, 2 * parent, 2 * parent + 1].map(
      (index) => joints[index],
    );
    if (!Number.isFinite(x + y)) return;
    context.beginPath();
    context.arc(x, y, 2.5, 0, 2 * Math.PI);
    context.fill();
    if (!Number.isFinite(fromX + fromY)) return;
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(x, y);
    context.stroke();
  });
}
