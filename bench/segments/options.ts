import { parseArgs } from 'node:util';
import { parseInteger, parseUserCount, withUsage } from '../arguments.ts';

/** The size of a run of `npm run bench:segments`. */
export interface SegmentSizes {
  /** Users in the database, each with ten events. */
  users: number;
  /** Segments: two fifths on attributes, two fifths on events in windows, the others on both. */
  segments: number;
  /** Writes a second through the gateway. */
  writes: number;
  /** Seconds of the longest load. */
  seconds: number;
  /** Users who are imported at once. */
  burst: number;
}

/** Options of `npm run bench:segments`. */
export interface SegmentOptions extends SegmentSizes {
  /** The folder of the database, which is kept between runs. */
  directory: string | undefined;
  /** File to write the figures to. */
  json: string | undefined;
}

/** What `--smoke` and `bench:smoke` measure: all parts, in some seconds. */
export const SMOKE: SegmentSizes = { users: 200, segments: 20, writes: 50, seconds: 2, burst: 100 };

const USAGE = `npm run bench:segments -- [--users 100000] [--events 1000000] [--segments 100] [--writes 300] [--seconds 60] [--burst 100000]
  [--smoke] [--directory FOLDER] [--json FILE]`;

/** Events of a user in the database. */
const EVENTS_PER_USER = 10;

/** @throws {Error} with the usage if an argument is invalid. */
export function readSegmentOptions(args: string[]): SegmentOptions {
  return withUsage(args, USAGE, () => {
    const { values } = parseArgs({
      args,
      options: {
        users: { type: 'string' },
        events: { type: 'string' },
        segments: { type: 'string', default: '100' },
        writes: { type: 'string', default: '300' },
        seconds: { type: 'string', default: '60' },
        burst: { type: 'string', default: '100000' },
        smoke: { type: 'boolean', default: false },
        directory: { type: 'string' },
        json: { type: 'string' },
      },
    });
    const files = { directory: values.directory, json: values.json };
    if (values.smoke) return { ...SMOKE, ...files };
    return {
      users: parseUsers(values.users, values.events),
      segments: parseInteger('segments', values.segments, 20, 500),
      writes: parseInteger('writes', values.writes, 1, 10_000),
      seconds: parseInteger('seconds', values.seconds, 2, 86_400),
      burst: parseInteger('burst', values.burst, 1, 1_000_000),
      ...files,
    };
  });
}

/** The number of users, which `--events` can give, too. */
function parseUsers(users: string | undefined, events: string | undefined): number {
  if (events === undefined) return parseUserCount(users ?? '100000');
  const count = parseUserCount(String(Number(events) / EVENTS_PER_USER));
  if (users === undefined || Number(users) === count) return count;
  throw new Error(`--events must be ten times --users; got ${events} events and ${users} users.`);
}
