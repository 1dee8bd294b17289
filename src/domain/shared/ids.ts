import { v7 } from 'uuid';

const RANDOM_BYTES = 16;

/** Ids for which random bytes are drawn at once: one by one, that costs four times as much as all else of an id. */
const DRAWN = 256;

const pool = new Uint8Array(RANDOM_BYTES * DRAWN);
let drawnFrom = pool.length;

/** The id made last: its time in ms, and its place in it, of 32 bits. */
const last = { msecs: 0, seq: 0 };

/** Makes a UUIDv7 that is greater than all that this process has made before: rows are sorted by it. */
export function newId(): string {
  const random = drawRandom();
  const now = Date.now();
  if (now > last.msecs) {
    last.msecs = now;
    // Without its highest bit, so that there is room for more.
    last.seq = new DataView(random.buffer, random.byteOffset).getUint32(6) >>> 1;
  } else {
    last.seq = (last.seq + 1) >>> 0;
    if (last.seq === 0) last.msecs += 1;
  }
  return v7({ random, ...last });
}

function drawRandom(): Uint8Array {
  if (drawnFrom === pool.length) {
    crypto.getRandomValues(pool);
    drawnFrom = 0;
  }
  drawnFrom += RANDOM_BYTES;
  return pool.subarray(drawnFrom - RANDOM_BYTES, drawnFrom);
}
