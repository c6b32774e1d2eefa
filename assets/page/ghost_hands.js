// The operator's own hands, faint, over the panorama.

import { shaderProgram } from "./shader_program.js";

const JOINTS = 25;
const BONES = 24;
const VERTICES_A_BONE = 6;

const COMMON = `#version 300 es
uniform mat4 clip_from_view;
uniform mat4 view_from_stage;
uniform vec3 joints[${JOINTS}];   // in the stage, m
uniform float radii[${JOINTS}];`;

const BONE_VERTEX_SHADER = `${COMMON}
const float HALF_WIDTH = 0.0025;  // m
vec3 seen(int joint) { return (view_from_stage * vec4(joints[joint], 1.0)).xyz; }
void main() {
  int child = gl_VertexID / ${VERTICES_A_BONE} + 1;
  // The bones of thumb and palm begin at the wrist, the others where the last one ends.
  int parent = child == 1 || child % 5 == 0 ? 0 : child - 1;
  vec3 a = seen(parent), b = seen(child);
  vec3 across = cross(b - a, a);
  vec3 aside = HALF_WIDTH * across / max(length(across), 1e-6);
  // Two triangles: a left, b left, b right; a left, b right, a right.
  int corner = gl_VertexID % ${VERTICES_A_BONE};
  vec3 end = corner == 1 || corner == 2 || corner == 4 ? b : a;
  float side = corner == 0 || corner == 1 || corner == 3 ? 1.0 : -1.0;
  gl_Position = clip_from_view * vec4(end + side * aside, 1.0);
}`;

const BONE_FRAGMENT_SHADER = `#version 300 es
precision mediump float;
out vec4 colour;
void main() {
  colour = vec4(0.78, 0.9, 1.0, 0.16);
}`;

const JOINT_VERTEX_SHADER = `${COMMON}
uniform float viewport_height;  // pixels
void main() {
  gl_Position = clip_from_view * view_from_stage * vec4(joints[gl_VertexID], 1.0);
  gl_PointSize = 0.7 * radii[gl_VertexID] * clip_from_view[1][1] * viewport_height / gl_Position.w;
}`;

const JOINT_FRAGMENT_SHADER = `#version 300 es
precision mediump float;
out vec4 colour;
void main() {
  float off = length(gl_PointCoord - 0.5) * 2.0;
  colour = vec4(0.78, 0.9, 1.0, 0.2 * smoothstep(1.0, 0.7, off));
}`;

const USUAL_RADII = new Float32Array(JOINTS).fill(0.008);

export class GhostHands {
  #gl;
  #bones;
  #joints;

  constructor(gl) {
    this.#gl = gl;
    const placed = ["clip_from_view", "view_from_stage", "joints", "radii"];
    this.#bones = shaderProgram(gl, "hands' bone", BONE_VERTEX_SHADER, BONE_FRAGMENT_SHADER, placed);
    this.#joints = shaderProgram(gl, "hands' joint", JOINT_VERTEX_SHADER, JOINT_FRAGMENT_SHADER, [
      ...placed,
      "viewport_height",
    ]);
  }

  /** Draw a hand of a sample into the current viewport, blended. Matrices go column by column. */
  draw(hand, clipFromView, viewFromStage, viewportHeight) {
    const gl = this.#gl;
    for (const program of [this.#bones, this.#joints]) {
      const { uniforms } = program;
      program.use();
      gl.uniformMatrix4fv(uniforms.clip_from_view, false, clipFromView);
      gl.uniformMatrix4fv(uniforms.view_from_stage, false, viewFromStage);
      gl.uniform3fv(uniforms.joints, hand.joints);
      if (program === this.#bones) {
        gl.drawArrays(gl.TRIANGLES, 0, BONES * VERTICES_A_BONE);
      } else {
        gl.uniform1fv(uniforms.radii, Number.isNaN(hand.radii[0]) ? USUAL_RADII : hand.radii);
        gl.uniform1f(uniforms.viewport_height, viewportHeight);
        gl.drawArrays(gl.POINTS, 0, JOINTS);
      }
    }
  }

  remove() {
    this.#bones.remove();
    this.#joints.remove();
  }
}
