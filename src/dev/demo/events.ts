import { type EventKind, eventKinds, signedUp } from './event-kinds.ts';
import { period } from './period.ts';
import type { Random } from './random.ts';
import type { EventRow, UserRow } from './rows.ts';

/** Events of a user, at the most; the sign-up is one of them. */
const MOST_EVENTS = 40;

/** Each kind as often as it weighs. */
const lottery: readonly EventKind[] = eventKinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind));

/** Makes the events of a user in order of time: the sign-up, then what came of it, which for some is nothing. */
export function makeEvents(random: Random, user: UserRow): EventRow[] {
  if (user.uidUpdateable && random.chance(0.5)) return [];
  const later = random.chance(0.1) ? 0 : Math.floor(random.fraction() ** 1.5 * MOST_EVENTS);
  const times = Array.from({ length: later }, () => random.instant(user.createdAt, period.last));
  times.sort((one, other) => one.getTime() - other.getTime());
  const done = new Set<string>();
  return [
    makeEvent(random, user, signedUp, user.createdAt),
    ...times.map((time) => {
      const kind = drawKind(random, done);
      done.add(kind.name);
      return makeEvent(random, user, kind, time);
    }),
  ];
}

/** Draws what somebody does next who has done some things: nobody is refunded what they have not paid. */
function drawKind(random: Random, done: ReadonlySet<string>): EventKind {
  const drawn = lottery[random.integer(0, lottery.length - 1)] ?? eventKinds[0];
  return drawn.after === undefined || done.has(drawn.after) ? drawn : eventKinds[0];
}

function makeEvent(random: Random, user: UserRow, kind: EventKind, timestamp: Date): EventRow {
  const { value = null, properties = {} } = kind.make(random);
  return { id: random.id(timestamp), userId: user.id, name: kind.name, value, properties, timestamp };
}
