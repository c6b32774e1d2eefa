// A small panel low in the view of a headset: the robot's state, what to do, and the rates.

import { hintFor, INK, PanelPaper, PLACE, WARNING } from "./panel_paper.js";
import { shaderProgram } from "./shader_program.js";

const [WIDTH, HEIGHT] = [640, 176]; // pixels

const VERTEX_SHADER = `#version 300 es
uniform mat4 clip_from_view;
uniform mat4 view_from_stage;
uniform mat4 stage_from_head;
out vec2 place;
const float DISTANCE = ${PLACE.distanceM}, BELOW = ${PLACE.belowRad}, HALF_WIDTH = ${PLACE.widthM / 2};
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

export class StatusPanel {
  #gl;
  #program;
  #texture;
  #paper = new PanelPaper(WIDTH, HEIGHT);
  #lines = ["", "", ""];

  constructor(gl) {
    this.#gl = gl;
    this.#program = shaderProgram(gl, "panel", VERTEX_SHADER, FRAGMENT_SHADER, [
      "clip_from_view",
      "view_from_stage",
      "stage_from_head",
    ]);
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
    const hint = isOneSided ? undefined : hintFor(state, byController);
    const second = notice || advice || (hint ?? reason);
    const lines = [first, second, rates];
    if (lines.every((line, i) => line === this.#lines[i])) return;
    this.#lines = lines;
    const warns = notice !== "" || (isOneSided && !advice);
    this.#paper.paint(state, lines, warns ? WARNING : INK);
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
}
