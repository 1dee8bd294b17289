import { isJsonObject } from '../domain/attributes.ts';
import { ValidationError } from '../domain/errors.ts';
import { uid as uidSchema } from '../domain/users/inputs.ts';
import { validationIssues } from '../domain/validate.ts';
import { decodeGlobalId, type GlobalId, type NodeType } from '../graphql/global-id.ts';

/** The entities, and the fields by which a representation may name one: each is an `@key`. */
export const keysOf: Readonly<Record<NodeType, readonly ('id' | 'uid')[]>> = {
  User: ['id', 'uid'],
  List: ['id'],
  Segment: ['id'],
  Event: ['id'],
};

/** What a router asks for: an entity by its global id, or a user by uid. */
export type Representation = GlobalId | { type: 'User'; uid: string };

/** The name of the type of a representation; nothing where it names no entity. */
export function typeOf(representation: unknown): NodeType | undefined {
  const name = isJsonObject(representation) ? representation.__typename : undefined;
  return typeof name === 'string' && isEntity(name) ? name : undefined;
}

function isEntity(name: string): name is NodeType {
  return Object.hasOwn(keysOf, name);
}

/**
 * Reads a representation. `id` goes before `uid`; fields beside the key are ignored.
 * @param place of it among the `representations`, for the error.
 * @throws {ValidationError} where it names no entity, or by no key, or by a malformed one.
 */
export function parseRepresentation(representation: unknown, place: number): Representation {
  const fault = (code: string, message: string, ...path: string[]) =>
    new ValidationError([{ path: ['representations', String(place), ...path], code, message }]);
  const type = typeOf(representation);
  if (!type || !isJsonObject(representation)) {
    throw fault('UNKNOWN_TYPE', `must have one of ${Object.keys(keysOf).join(', ')} as its __typename`);
  }
  const { id, uid } = representation;
  if (id != null) {
    const decoded = typeof id === 'string' ? decodeGlobalId(id) : undefined;
    if (decoded?.type !== type) throw fault('INVALID_ID', `must be the id of a ${type}`, 'id');
    return decoded;
  }
  if (uid == null || type !== 'User') throw fault('REQUIRED', `must have ${keysOf[type].join(' or ')}`);
  const parsed = uidSchema.safeParse(uid);
  if (parsed.success) return { type, uid: parsed.data };
  const [issue] = validationIssues(parsed.error.issues);
  throw fault(issue?.code ?? 'INVALID_UID', issue?.message ?? 'is not a uid', 'uid');
}
