import { decodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import { renameKeys, toDomainName } from '../rest-names.ts';
import { record } from './record.ts';
import { time } from './scene.ts';

/** Everything that both APIs return about a user, except for the generated id. */
export const readUser = `query ($uid: String!) {
  user(uid: $uid) {
    uid uidUpdateable firstName lastName number email meta createdAt
    isAccount timeZone appVersion appBuild appLastActiveAt
    devices { token platform }
    lists { list { id } subscribed }
    segments { segment { id } suppressed }
  }
}`;

const each = (list: unknown) => (Array.isArray(list) ? list.map(record) : []);

const timeOrNull = (instant: unknown) => (instant === null ? null : time(new Date(String(instant))));

/** A user object of REST with the names of GraphQL, without the generated ids of segments. */
export function userOfRest(body: Record<string, unknown>): object {
  const { id: _, uid_updateable: updateable, created_at: createdAt, segments, ...others } = body;
  const { appLastActiveAt, ...rest } = renameKeys(others, toDomainName);
  return {
    ...rest,
    appLastActiveAt: timeOrNull(appLastActiveAt),
    uidUpdateable: updateable === true,
    createdAt: time(new Date(String(createdAt))),
    segments: each(segments).map(({ suppressed }) => suppressed),
  };
}

/** A user of GraphQL in the same form. */
export function userOfGraphQL({ createdAt, devices, lists, segments, ...user }: Record<string, unknown>): object {
  const { appLastActiveAt, ...rest } = user;
  return {
    ...rest,
    appLastActiveAt: timeOrNull(appLastActiveAt),
    createdAt: time(new Date(String(createdAt))),
    devices: each(devices).map(({ token, platform }) => ({ token, platform: String(platform).toLowerCase() })),
    lists: each(lists).map(({ list, subscribed }) => ({
      id: decodeGlobalId(String(record(list).id))?.id,
      subscribed,
    })),
    segments: each(segments).map(({ suppressed }) => suppressed),
  };
}
