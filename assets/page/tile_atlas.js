// Where the tiles of a panorama lie in the picture that brings them.
// operators/tile_atlas.py packs them there.

// Pixels between pieces, which repeat their edges: a JPEG's colours run into each other.
const GUTTER = 16;

/**
 * The pieces of an atlas so wide, runs of tiles along a row: [{ x, y, left, top, width, height }],
 * pixels: where in the atlas, where in the panorama, and how large. tiles: counted row by row,
 * rising; columns, rows: of the panorama, at whose right and lower edge tiles are cut off.
 */
export function atlasPieces({ columns, rows, tile_size: size, tiles }, atlasWidth) {
  const across = Math.ceil(columns / size);
  const pieces = [];
  let [x, y, before] = [0, 0, -1];
  for (const tile of tiles) {
    const left = (tile % across) * size;
    const top = Math.floor(tile / across) * size;
    const right = Math.min(left + size, columns);
    let joined = pieces.length > 0 && tile === before + 1 && left > 0;
    if (pieces.length > 0 && !joined) x += GUTTER;
    if (x > 0 && x + size > atlasWidth) {
      [x, y, joined] = [0, y + size + GUTTER, false];
    }
    if (joined) {
      const piece = pieces.at(-1);
      piece.width = right - piece.left;
    } else {
      const height = Math.min(top + size, rows) - top;
      pieces.push({ x, y, left, top, width: right - left, height });
    }
    x += size;
    before = tile;
  }
  return pieces;
}
