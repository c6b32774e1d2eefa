// A small panel low in the view of a headset: the robot's state, what to do, and the rates.

import { shaderProgram } from "./shader_program.js";

const [WIDTH, HEIGHT] = [640, 176]; // pixels
const FONT = "system-ui, sans-serif";

const COLOURS = { stopped: "#e5484d", holding: "#f5b84b", tracking: "#4cc38a" };
const INK = "#eef3f9";
const QUIET = "#b4c0ce";
const WARNING = "#f5b84b";

// 0.9 m from the eyes, 40 degrees below where the head points: what the hands do is above it.
const VERTEX_SHADER = `#version 300 es
uniform mat4 clip_from_view;
uniform mat4 view_from_stage;
uniform mat4 stage_from_head;
out vec2 place;
const float DISTANCE = 0.9, BELOW = 0.698, HALF_WIDTH = 0.17;
const float HALF_HEIGHT = HALF_WIDTH * ${(HEIGHT / WIDTH).toFixed(4)};
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  place = vec2(corner.x, -corner.y) * 0.5 + 0.5;
  vec3 middle = DISTANCE * vec3(0.0, -sin(BELOW), -cos(BELOW));
  vec3 up = vec3(0.0, cos(BELOW), -sin(BELOW));  // it faces the eyes
  vec3 point = middle + corner.x * vec3(HALF_WIDTH, 0.0, 0.0) + corner.y * HALF_HEIGHT * up;
  gl_Position = clip_from_view * view_from_stage * stage_from_head * vec4(point, 1.0);
}`;

const FRAGMENT_SHADER = `#version 300 es
precision mediump float;
uniform sampler2D panel;
in vec2 place;
out vec4 colour;
void main() {
  colour = texture(panel, place);
}`;

/** What is told to an operator in a headset, who has no keys. */
const HINTS = {
  stopped: "Pinch with both hands for a second to start",
  tracking: "Thumb to little finger stops",
};
const CONTROLLER_HINTS = {
  stopped: "Squeeze and pull both triggers for a second to start",
  tracking: "A, B, X or Y stops",
};

export class StatusPanel {
  #gl;
  #program;
  #texture;
  #paper;
  #lines = ["", "", ""];

  constructor(gl) {
    this.#gl = gl;
    this.#program = shaderProgram(gl, "panel", VERTEX_SHADER, FRAGMENT_SHADER, [
      "clip_from_view",
      "view_from_stage",
      "stage_from_head",
    ]);
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    this.#paper = canvas.getContext("2d");
    this.#texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, WIDTH, HEIGHT);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** Show what the page shows (overlay.shown); painted only where a word has changed. */
  update({ state, reason, isOneSided, frame, advice, notice, picture, tracking, delay }, byController) {
    const first = frame ? `${state} \u00b7 ${frame}` : state;
    const rates = `picture ${picture}   hands ${tracking}   delay ${delay}`;
    const hint = isOneSided ? undefined : (byController ? CONTROLLER_HINTS : HINTS)[state];
    const second = notice || advice || (hint ?? reason);
    const lines = [first, second, rates];
    if (lines.every((line, i) => line === this.#lines[i])) return;
    this.#lines = lines;
    this.#paint(state, lines, notice !== "" || (isOneSided && !advice));
    const gl = this.#gl;
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, gl.RGBA, gl.UNSIGNED_BYTE, this.#paper.canvas);
  }

  /** Draw into the current viewport, blended. Matrices go column by column. */
  draw(clipFromView, viewFromStage, stageFromHead) {
    const gl = this.#gl;
    const { uniforms } = this.#program;
    this.#program.use();
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    gl.uniformMatrix4fv(uniforms.clip_from_view, false, clipFromView);
    gl.uniformMatrix4fv(uniforms.view_from_stage, false, viewFromStage);
    gl.uniformMatrix4fv(uniforms.stage_from_head, false, stageFromHead);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  remove() {
    this.#program.remove();
    this.#gl.deleteTexture(this.#texture);
  }

  #paint(state, [first, second, rates], warns) {
    const paper = this.#paper;
    paper.clearRect(0, 0, WIDTH, HEIGHT);
    paper.fillStyle = "rgb(14 19 27 / 72%)";
    paper.beginPath();
    paper.roundRect(2, 2, WIDTH - 4, HEIGHT - 4, 28);
    paper.fill();
    paper.fillStyle = COLOURS[state] ?? QUIET;
    paper.beginPath();
    paper.arc(44, 44, 13, 0, 2 * Math.PI);
    paper.fill();
    write(paper, capitalised(first), 74, 58, `600 40px ${FONT}`, INK);
    write(paper, capitalised(second), 30, 108, `30px ${FONT}`, warns ? WARNING : INK);
    write(paper, rates, 30, 150, `25px ${FONT}`, QUIET);
  }
}

function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A line, narrowed where it would not fit. */
function write(paper, text, x, y, font, colour) {
  paper.font = font;
  paper.fillStyle = colour;
  paper.fillText(text, x, y, WIDTH - x - 30);
}
