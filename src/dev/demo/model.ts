import { makeEvents } from './events.ts';
import { makeLists } from './lists.ts';
import { exampleEvents, exampleUser, makeDevices, makeUsers } from './people.ts';
import { seededRandom } from './random.ts';
import { makeSegments } from './segments.ts';

/** Users of the demo workspace, the seed document's example among them. */
const USERS = 250;

/** Makes all rows of the demo workspace: the same each time. */
export function makeDemoModel() {
  const random = seededRandom(20_261_101);
  const example = exampleUser(random);
  const users = makeUsers(random, USERS - 1);
  const devices = users.flatMap((user) => makeDevices(random, user));
  const events = users.flatMap((user) => makeEvents(random, user));
  const eventCounts = new Map([...Map.groupBy(events, ({ userId }) => userId)].map(([id, own]) => [id, own.length]));
  const { lists, memberships: listMemberships } = makeLists(random, users);
  const { segments, memberships: segmentMemberships } = makeSegments(random, { users, devices, eventCounts });
  return {
    users: [example, ...users],
    devices,
    events: [...exampleEvents(random, example.id), ...events],
    lists,
    listMemberships,
    segments,
    segmentMemberships,
  };
}
