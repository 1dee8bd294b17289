import { hash } from 'node:crypto';
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

/** Encodes the global id of a row: base64 of `Type:uuid`. Ids of objects that are not nodes have something else after the type. */
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

/** Decodes the global id of an object of a type to the row's UUID; undefined for any other text. */
export function decodeIdOf(type: NodeType, text: string): string | undefined {
  const decoded = decodeGlobalId(text);
  return decoded?.type === type ? decoded.id : undefined;
}

/**
 * Encodes the id of a device. It contains a hash instead of the token, which is a secret of the push service, and the workspace
 * is part of the hash, so that a device has another id in each workspace.
 */
export function encodeDeviceId(workspaceId: string, token: string): string {
  return encodeGlobalId('Device', hash('sha256', `${workspaceId}\n${token}`, 'base64url'));
}

/** Encodes the id of an object that exists once for each user of a list or segment. */
export function encodeMembershipId(
  type: 'ListMembership' | 'ListMemberEdge' | 'SegmentMembership',
  parentId: string,
  userId: string,
): string {
  return encodeGlobalId(type, `${parentId}:${userId}`);
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
