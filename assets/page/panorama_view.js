// Draws an equirectangular panorama around the eye with WebGL2.

import { shaderProgram } from "./shader_program.js";
import { atlasPieces } from "./tile_atlas.js";

const VERTEX_SHADER = `#version 300 es
uniform vec2 slope;   // tangents from the view's axis to its right and upper edge
uniform vec2 middle;  // where that axis pierces the picture; 0 unless an eye looks askew
out vec2 tangent;
void main() {
  // One triangle that covers the whole picture: (-1, -1), (3, -1), (-1, 3).
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  tangent = corner * slope + middle;
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

const FRAGMENT_SHADER = `#version 300 es
precision highp float;
uniform mat3 stage_from_view;
uniform float yaw;  // where the panorama's centre is, positive left of forward
uniform sampler2D panorama;
in vec2 tangent;
out vec4 colour;
const float PI = 3.14159265358979;
void main() {
  vec3 ray = normalize(stage_from_view * vec3(tangent, -1.0));
  // Unturned the centre column is forward (-z), right of it is to the right (+x), row 0 is up (+y).
  float longitude = atan(ray.x, -ray.z) + yaw;
  float latitude = asin(clamp(ray.y, -1.0, 1.0));
  vec2 place = vec2(0.5 + longitude / (2.0 * PI), 0.5 - latitude / PI);
  colour = vec4(texture(panorama, place).rgb, 1.0);
}`;

export class PanoramaView {
  #gl;
  #program;
  #texture;
  #size = "";

  /** Where in the stage the panorama's centre is, rad, positive left of -z. */
  yaw = 0;

  /** canvas: what to draw on. Throws an Error in words for the user where WebGL2 is missing. */
  constructor(canvas) {
    const attributes = {
      alpha: false,
      antialias: false,
      depth: false,
      powerPreference: "high-performance",
    };
    this.#gl = canvas.getContext("webgl2", attributes);
    if (!this.#gl)
      throw new Error(
        "This browser has no WebGL2. Switch hardware acceleration on, or use another.",
      );
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.#size = "";
    });
    canvas.addEventListener("webglcontextrestored", () => this.#prepare());
    this.#prepare();
  }

  get context() {
    return this.#gl;
  }

  get hasPicture() {
    return this.#size !== "";
  }

  /**
   * Draw a picture of a PictureStream into the panorama, whose one texture is used again. False for
   * tiles of a panorama that is not here: only a whole one can follow.
   */
  upload(picture) {
    const { columns, rows, whole, tiles, bitmap } = picture;
    const gl = this.#gl;
    const size = `${columns}x${rows}`;
    if (!whole && size !== this.#size) return false;
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    if (size !== this.#size) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
      this.#size = size;
    } else if (whole) {
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    } else if (tiles.length > 0) {
      this.#patch(picture);
    }
    return true;
  }

  #patch(picture) {
    const gl = this.#gl;
    for (const { x, y, left, top, width, height } of atlasPieces(picture, picture.bitmap.width)) {
      gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, x);
      gl.pixelStorei(gl.UNPACK_SKIP_ROWS, y);
      const place = [left, top, width, height];
      gl.texSubImage2D(gl.TEXTURE_2D, 0, ...place, gl.RGBA, gl.UNSIGNED_BYTE, picture.bitmap);
    }
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, 0);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, 0);
  }

  /**
   * Fill the current viewport. stageFromView: the view's rotation, 9 numbers row by row. slope and
   * middle: tangents of half the fields of view across and up, and of their middle's offset.
   */
  draw(stageFromView, slope, middle = [0, 0]) {
    const gl = this.#gl;
    const { uniforms } = this.#program;
    this.#program.use();
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    gl.uniformMatrix3fv(uniforms.stage_from_view, true, stageFromView);
    gl.uniform1f(uniforms.yaw, this.yaw);
    gl.uniform2fv(uniforms.slope, slope);
    gl.uniform2fv(uniforms.middle, middle);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  #prepare() {
    const gl = this.#gl;
    this.#size = "";
    this.#program = shaderProgram(gl, "panorama", VERTEX_SHADER, FRAGMENT_SHADER, [
      "stage_from_view",
      "yaw",
      "slope",
      "middle",
    ]);
    this.#texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    // Without mipmaps there is no seam behind, where the longitude jumps from one end to the other.
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.REPEAT);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }
}
