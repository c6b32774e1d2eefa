// Picked points upon the picture, and a glass to click by.

const DRAWN = "#ffdc00";
const REAL = "#ff5ac8";
const ARM_PX = 7;
const GLASS_PX = 180; // its edge
const ENLARGED = 5;

/** The points as pairs of pixels, flat: where the simulated camera sees them, and the real one. */
export function drawPoints(context, drawn, real) {
  context.lineWidth = 2;
  for (let i = 0; i < drawn.length; i += 2) {
    const [u, v, x, y] = [drawn[i], drawn[i + 1], real[i], real[i + 1]];
    if (!Number.isNaN(u)) cross(context, u, v, DRAWN);
    if (!Number.isNaN(x)) cross(context, x, y, REAL);
    if (!Number.isNaN(u + x)) {
      context.strokeStyle = REAL;
      context.beginPath();
      context.moveTo(u + 0.5, v + 0.5);
      context.lineTo(x + 0.5, y + 0.5);
      context.stroke();
    }
  }
}

/** What is under the mouse, enlarged, in the corner of the picture that is away from it. */
export function drawMagnified(context, bitmap, { x, y }) {
  const size = GLASS_PX / ENLARGED;
  const left = x < bitmap.width / 2 ? bitmap.width - GLASS_PX : 0;
  context.imageSmoothingEnabled = false;
  context.fillRect(left, 0, GLASS_PX, GLASS_PX);
  const corner = [x + 0.5 - size / 2, y + 0.5 - size / 2];
  context.drawImage(bitmap, ...corner, size, size, left, 0, GLASS_PX, GLASS_PX);
  context.imageSmoothingEnabled = true;
  context.lineWidth = 1;
  context.strokeStyle = "#fff";
  context.strokeRect(left + 0.5, 0.5, GLASS_PX - 1, GLASS_PX - 1);
  cross(context, left + GLASS_PX / 2 - 0.5, GLASS_PX / 2 - 0.5, "#fff");
}

/** (0, 0) is the upper left pixel's centre, a canvas counts from its corner. */
function cross(context, column, row, colour) {
  const x = column + 0.5;
  const y = row + 0.5;
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(x - ARM_PX, y);
  context.lineTo(x + ARM_PX, y);
  context.moveTo(x, y - ARM_PX);
  context.lineTo(x, y + ARM_PX);
  context.stroke();
}
