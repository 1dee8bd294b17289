import { z } from 'zod';

/** The types that have a global id, whose `id` is the same wherever the node is found (Relay). */
export const nodeTypes = ['User', 'List', 'Segment', 'Event'] as const;

/** One of them. */
export type NodeType = (typeof nodeTypes)[number];

/** What a global id stands for. */
export interface GlobalId {
  type: NodeType;
  /** UUID of the row. */
  id: string;
}

const DECODED = /^(User|List|Segment|Event):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/** Makes the global id of a row: base64 of `Type:uuid`. */
export function encodeGlobalId(type: string, id: string): string {
  return Buffer.from(`${type}:${id}`, 'latin1').toString('base64');
}

/** Reads a global id; returns nothing for a text that `encodeGlobalId` has not made. */
export function decodeGlobalId(text: string): GlobalId | undefined {
  const [, type, id] = DECODED.exec(Buffer.from(text, 'base64').toString('latin1')) ?? [];
  const node = nodeTypes.find((name) => name === type);
  if (!node || !id || encodeGlobalId(node, id) !== text) return undefined;
  return { type: node, id };
}

/** In an input: the global id of one type, which becomes the row's UUID. */
export function globalId(type: NodeType) {
  return z.string().transform((text, context) => {
    const decoded = decodeGlobalId(text);
    if (decoded?.type === type) return decoded.id;
    context.addIssue({ code: 'custom', params: { code: 'INVALID_ID' }, message: `must be the id of a ${type}` });
    return z.NEVER;
  });
}
