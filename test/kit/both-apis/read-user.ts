import { decodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import { renameKeys, toDomainName } from '../rest-names.ts';
import { record } from './record.ts';
import { time } from './scene.ts';

/** Everything that both APIs return about a user, except for the generated id. */
export const readUser = `query ($uid: String!) {
  user(uid: $uid) {
    uid uidUpdateable firstName lastName number email meta createdAt
    devices { token platform }
    lists { list { id } subscribed }
    segments { segment { id } suppressed }
  }
}`;

const each = (list: unknown) => (Array.isArray(list) ? list.map(record) : []);

/** A user object of REST with the names of GraphQL, without the generated ids of segments. */
export function userOfRest(body: Record<string, unknown>): object {
  const { id: _, uid_updateable: updateable, created_at: createdAt, segments, ...rest } = body;
  return {
    ...renameKeys(rest, toDomainName),
    uidUpdateable: updateable === true,
    createdAt: time(new Date(String(createdAt))),
    segments: each(segments).map(({ suppressed }) => suppressed),
  };
}

/** A user of GraphQL in the same form. */
export function userOfGraphQL({ createdAt, devices, lists, segments, ...rest }: Record<string, unknown>): object {
  return {
    ...rest,
    createdAt: time(new Date(String(createdAt))),
    devices: each(devices).map(({ token, platform }) => ({ token, platform: String(platform).toLowerCase() })),
    lists: each(lists).map(({ list, subscribed }) => ({
      id: decodeGlobalId(String(record(list).id))?.id,
      subscribed,
    })),
    segments: each(segments).map(({ suppressed }) => suppressed),
  };
}
