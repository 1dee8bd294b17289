import { z } from 'zod';

/** The types that implement `Node` and have a global id (Relay). */
export const nodeTypes = ['User', 'List', 'Segment', 'Event'] as const;

export type NodeType = (typeof nodeTypes)[number];

/** A decoded global id. */
export interface GlobalId {
  type: NodeType;
  /** The row's UUID. */
  id: string;
}

const DECODED = /^(User|List|Segment|Event):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Encodes the global id of a row: base64 of `Type:uuid`. */
export function encodeGlobalId(type: string, id: string): string {
  return Buffer.from(`${type}:${id}`, 'latin1').toString('base64');
}

/** Decodes a global id, with or without base64 padding; undefined for a text that `encodeGlobalId` cannot have returned. */
export function decodeGlobalId(text: string): GlobalId | undefined {
  const [, type, id] = DECODED.exec(Buffer.from(text, 'base64').toString('latin1')) ?? [];
  const node = nodeTypes.find((name) => name === type);
  if (!node || !id) return undefined;
  const encoded = encodeGlobalId(node, id);
  return text === encoded || text === encoded.replace(/=+$/, '') ? { type: node, id } : undefined;
}

/** Validates an input field that takes the global id of a type, and transforms it into the row's UUID. */
export function globalId(type: NodeType) {
  return z.string().transform((text, context) => {
    const decoded = decodeGlobalId(text);
    if (decoded?.type === type) return decoded.id;
    context.addIssue({ code: 'custom', params: { code: 'INVALID_ID' }, message: `must be the global id of a ${type}` });
    return z.NEVER;
  });
}
