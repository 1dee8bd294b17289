import { crc32 } from 'node:zlib';

const KEY_BYTES = 16;

/**
 * The connection that cursors belong to, as a checksum: its name, the workspace and the parent, so that a cursor
 * of one is refused by another.
 */
export function cursorSpace(connection: string, ...ids: string[]): number {
  return crc32([connection, ...ids].join('\n'));
}

/** Makes a cursor of a row's sort key: the UUID's 16 bytes and a checksum of them within the space, in base64url. */
export function encodeCursor(space: number, key: string): string {
  const bytes = Buffer.allocUnsafe(KEY_BYTES + 4);
  bytes.write(key.replaceAll('-', ''), 'hex');
  bytes.writeUInt32BE(crc32(bytes.subarray(0, KEY_BYTES), space), KEY_BYTES);
  return bytes.toString('base64url');
}

/** Reads a cursor; returns nothing for one that is malformed, forged or of another connection. */
export function decodeCursor(space: number, cursor: string): string | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== KEY_BYTES + 4) return undefined;
  const hex = bytes.toString('hex', 0, KEY_BYTES);
  const key = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return encodeCursor(space, key) === cursor ? key : undefined;
}
