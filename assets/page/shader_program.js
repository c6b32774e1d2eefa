// A WebGL2 program with its uniforms.

/**
 * what: what the program draws, for the error that is thrown in the user's words where it cannot be
 * made. uniforms: their names. Returns { use(), uniforms: { name: location }, remove() }.
 */
export function shaderProgram(gl, what, vertexShader, fragmentShader, uniforms) {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(`The ${what}'s shader does not compile: ${gl.getShaderInfoLog(shader)}`);
    }
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`The ${what}'s shader does not link: ${gl.getProgramInfoLog(program)}`);
  }
  return {
    uniforms: Object.fromEntries(uniforms.map((name) => [name, gl.getUniformLocation(program, name)])),
    use: () => gl.useProgram(program),
    remove: () => gl.deleteProgram(program),
  };
}
