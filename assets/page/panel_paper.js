// What a headset's panel says, painted on a canvas: the robot's state, what to do, and more lines.

const FONT = "system-ui, sans-serif";
const COLOURS = { stopped: "#e5484d", holding: "#f5b84b", tracking: "#4cc38a" };
const QUIET = "#b4c0ce";

export const INK = "#eef3f9";
export const WARNING = "#f5b84b";

/** 0.9 m from the eyes, 40 degrees below where the head points: what the hands do is above it. */
export const PLACE = Object.freeze({ distanceM: 0.9, belowRad: 0.698, widthM: 0.34 });

/** What is told to an operator in a headset, who has no keys. */
const HINTS = {
  stopped: "Pinch with both hands for a second to start",
  tracking: "Thumb to little finger stops",
};
const CONTROLLER_HINTS = {
  stopped: "Squeeze and pull both triggers for a second to start",
  tracking: "A, B, X or Y stops",
};

/** What to do in a state; undefined where there is nothing to be told. */
export function hintFor(state, byController) {
  return (byController ? CONTROLLER_HINTS : HINTS)[state];
}

export class PanelPaper {
  #paper;

  constructor(width, height) {
    this.canvas = document.createElement("canvas");
    this.canvas.width = width;
    this.canvas.height = height;
    this.#paper = this.canvas.getContext("2d");
  }

  /** The first line beside a lamp of the state's colour; the second in ink or another colour. */
  paint(state, [first, second, third = ""], secondColour = INK) {
    const paper = this.#paper;
    const { width, height } = this.canvas;
    paper.clearRect(0, 0, width, height);
    paper.fillStyle = "rgb(14 19 27 / 72%)";
    paper.beginPath();
    paper.roundRect(2, 2, width - 4, height - 4, 28);
    paper.fill();
    paper.fillStyle = COLOURS[state] ?? QUIET;
    paper.beginPath();
    paper.arc(44, 44, 13, 0, 2 * Math.PI);
    paper.fill();
    this.#write(capitalised(first), 74, 58, `600 40px ${FONT}`, INK);
    this.#write(capitalised(second), 30, 106, `30px ${FONT}`, secondColour);
    this.#write(third, 30, 150, `25px ${FONT}`, QUIET);
  }

  /** A line, narrowed where it would not fit. */
  #write(text, x, y, font, colour) {
    this.#paper.font = font;
    this.#paper.fillStyle = colour;
    this.#paper.fillText(text, x, y, this.canvas.width - x - 30);
  }
}

function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
