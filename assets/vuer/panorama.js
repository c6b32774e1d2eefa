// The panorama as an object of Vuer's scene: around every eye, unlit, in one texture.

import { atlasPieces } from "../page/tile_atlas.js";

// One triangle that covers the whole picture, behind everything.
const VERTEX_SHADER = `
uniform mat4 projectionMatrix, viewMatrix;
in vec3 position;
out vec3 ray;
void main() {
  vec4 far = inverse(projectionMatrix) * vec4(position.xy, 1.0, 1.0);
  ray = transpose(mat3(viewMatrix)) * (far.xyz / far.w);
  gl_Position = vec4(position.xy, 1.0, 1.0);
}`;

const FRAGMENT_SHADER = `
precision highp float;
uniform sampler2D panorama;
uniform float yaw;  // where the panorama's centre is, positive left of forward
in vec3 ray;
out vec4 colour;
const float PI = 3.14159265358979;
void main() {
  vec3 d = normalize(ray);
  // Unturned the centre column is forward (-z), right of it is to the right (+x), row 0 is up (+y).
  float longitude = atan(d.x, -d.z) + yaw;
  float latitude = asin(clamp(d.y, -1.0, 1.0));
  colour = vec4(texture(panorama, vec2(0.5 + longitude / (2.0 * PI), 0.5 - latitude / PI)).rgb, 1.0);
}`;

const BEHIND_ALL = -1e6;

export class Panorama {
  #renderer;
  #texture;
  #material;
  #size = "";
  object;

  /** THREE: Vuer's own. renderer: of its canvas, a THREE.WebGLRenderer. */
  constructor(THREE, renderer) {
    this.#renderer = renderer;
    this.#texture = new THREE.Texture();
    this.#material = new THREE.RawShaderMaterial({
      glslVersion: THREE.GLSL3,
      vertexShader: VERTEX_SHADER,
      fragmentShader: FRAGMENT_SHADER,
      uniforms: { panorama: { value: this.#texture }, yaw: { value: 0 } },
      depthTest: false,
      depthWrite: false,
    });
    const geometry = new THREE.BufferGeometry();
    const corners = new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]);
    geometry.setAttribute("position", new THREE.BufferAttribute(corners, 3));
    this.object = new THREE.Mesh(geometry, this.#material);
    this.object.frustumCulled = false;
    this.object.renderOrder = BEHIND_ALL;
    this.object.visible = false;
    this.object.raycast = () => {};
    renderer.domElement.addEventListener("webglcontextlost", () => (this.#size = ""));
  }

  /** Where in the stage the panorama's centre is, rad, positive left of -z. */
  set yaw(yaw) {
    this.#material.uniforms.yaw.value = yaw;
  }

  get yaw() {
    return this.#material.uniforms.yaw.value;
  }

  /**
   * Draw a picture of a PictureStream into the one texture. False for tiles of a panorama that is
   * not here: only a whole one can follow.
   */
  upload(picture) {
    const { columns, rows, whole, tiles, bitmap } = picture;
    const size = `${columns}x${rows}`;
    if (!whole && size !== this.#size) return false;
    if (!whole && tiles.length === 0) return true;
    const gl = this.#renderer.getContext();
    const flipped = gl.getParameter(gl.UNPACK_FLIP_Y_WEBGL);
    const premultiplied = gl.getParameter(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    if (size !== this.#size) this.#begin(gl);
    this.#renderer.state.bindTexture(gl.TEXTURE_2D, this.#own);
    if (size !== this.#size) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
      this.#size = size;
    } else if (whole) {
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    } else {
      this.#patch(gl, picture);
    }
    this.#renderer.state.unbindTexture();
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, flipped);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, premultiplied);
    this.object.visible = true;
    return true;
  }

  #patch(gl, picture) {
    for (const { x, y, left, top, width, height } of atlasPieces(picture, picture.bitmap.width)) {
      gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, x);
      gl.pixelStorei(gl.UNPACK_SKIP_ROWS, y);
      const place = [left, top, width, height];
      gl.texSubImage2D(gl.TEXTURE_2D, 0, ...place, gl.RGBA, gl.UNSIGNED_BYTE, picture.bitmap);
    }
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, 0);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, 0);
  }

  /** three.js uploads whole pictures alone: the texture behind its own is ours, and it draws it. */
  get #own() {
    return this.#renderer.properties.get(this.#texture).__webglTexture;
  }

  #begin(gl) {
    const known = this.#renderer.properties.get(this.#texture);
    gl.deleteTexture(known.__webglTexture ?? null);
    known.__webglTexture = gl.createTexture();
    this.#renderer.state.bindTexture(gl.TEXTURE_2D, known.__webglTexture);
    // Without mipmaps there is no seam behind, where the longitude jumps from one end to the other.
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.REPEAT);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }
}
