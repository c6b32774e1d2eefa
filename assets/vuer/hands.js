// The operator's own hands, faintly, where they are: a dot for every joint.

const JOINTS = 25;
const DOT_M = 0.012;

/** All of them are drawn in one go; Vuer's own boxes, one by one, take a fifth of a frame's time. */
export class HandDots {
  #places = new Float32Array(2 * 3 * JOINTS);
  #attribute;
  object;

  /** THREE: Vuer's own. */
  constructor(THREE) {
    const geometry = new THREE.BufferGeometry();
    this.#attribute = new THREE.BufferAttribute(this.#places, 3);
    this.#attribute.setUsage(THREE.DynamicDrawUsage);
    geometry.setAttribute("position", this.#attribute);
    const material = new THREE.PointsMaterial({
      color: 0xeef3f9,
      size: DOT_M,
      transparent: true,
      opacity: 0.45,
      depthTest: false,
      toneMapped: false,
    });
    this.object = new THREE.Points(geometry, material);
    this.object.frustumCulled = false;
    this.object.raycast = () => {};
  }

  /** hands: of a HeadsetInput, null where one is not tracked. */
  update(hands) {
    let count = 0;
    for (const hand of hands) {
      if (!hand) continue;
      this.#places.set(hand.joints, 3 * count);
      count += JOINTS;
    }
    this.#attribute.needsUpdate = true;
    this.object.geometry.setDrawRange(0, count);
    this.object.visible = count > 0;
  }
}
