import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generateDemoRows } from '../../../src/dev/demo-data.ts';

const demo = generateDemoRows();

/** User u1232 with the fields of the queries in the README and docs/graphql.md, newest first. */
function documentedUser() {
  const { id, firstName, meta } = demo.users.find(({ uid }) => uid === 'u1232') ?? {};
  const isOwn = ({ userId }: { userId: string }) => userId === id;
  const devices = demo.devices.filter(isOwn).sort((one, other) => Number(other.lastSeenAt) - Number(one.lastSeenAt));
  const events = demo.events.filter(isOwn).sort((one, other) => other.id.localeCompare(one.id));
  return {
    firstName,
    meta,
    devices: devices.map(({ platform, lastSeenAt }) => ({
      platform: platform.toUpperCase(),
      lastSeenAt: lastSeenAt.toISOString(),
    })),
    lists: demo.listMemberships.filter(isOwn).map(({ listId, subscribed }) => ({
      list: { title: demo.lists.find(({ id }) => id === listId)?.title },
      subscribed,
    })),
    events: {
      nodes: events.slice(0, 2).map(({ name, value, properties, timestamp }) => ({
        name,
        value,
        properties,
        timestamp: timestamp.toISOString(),
      })),
      pageInfo: { hasNextPage: events.length > 2 },
    },
  };
}

/** The first JSON response in a page. */
const firstResponse = (page: string) =>
  JSON.parse(/^```json\n(.*?)^```$/ms.exec(readFileSync(page, 'utf8'))?.[1] ?? '');

it.each(['README.md', 'docs/graphql.md'])('contains the user that %s shows', (page) => {
  const advice = `The demo data differs from the response in ${page}. A new random number changes all users after it: derive the value from what is already drawn, such as the country (src/dev/demo/countries.ts).`;
  const user = documentedUser();
  const shown = firstResponse(page).data.user;
  expect(user, advice).toMatchObject(shown);
  expect(user.meta, advice).toEqual(shown.meta);
});
