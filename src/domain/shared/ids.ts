import { NIL, v7 } from 'uuid';

const RANDOM_BYTES = 16;

/** Ids per draw of random bytes: one draw for each id costs four times as much as the rest of the id. */
const IDS_PER_DRAW = 256;

const pool = new Uint8Array(RANDOM_BYTES * IDS_PER_DRAW);
let poolOffset = pool.length;

/** Time in ms and 32-bit sequence number of the last id. */
const last = { msecs: 0, seq: 0 };

/** Less than all ids: where a walk through rows starts. */
export const BEFORE_ALL_IDS = NIL;

/** Creates a UUIDv7 that is greater than all UUIDs that this process has created before, since rows are sorted by id. */
export function newId(): string {
  const random = drawRandom();
  const now = Date.now();
  if (now > last.msecs) {
    last.msecs = now;
    // Clears the highest bit, which leaves 2^31 increments within the same millisecond.
    last.seq = new DataView(random.buffer, random.byteOffset).getUint32(6) >>> 1;
  } else {
    last.seq = (last.seq + 1) >>> 0;
    if (last.seq === 0) last.msecs += 1;
  }
  return v7({ random, ...last });
}

function drawRandom(): Uint8Array {
  if (poolOffset === pool.length) {
    crypto.getRandomValues(pool);
    poolOffset = 0;
  }
  poolOffset += RANDOM_BYTES;
  return pool.subarray(poolOffset - RANDOM_BYTES, poolOffset);
}
