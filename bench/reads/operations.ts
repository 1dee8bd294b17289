import type { NewEvent } from '../questions.ts';

/** What is timed, reads of the domain and a write, by what varies from one time to the next. */
export interface OperationInputs {
  /** The uid of the user to read. */
  user: string;
  /** The ids of the users whose devices are read, by user, each newest first. */
  devices: readonly string[];
  /** The id of the user after whom the page begins, newest first. */
  page: string;
  /** The event to add. */
  addEvent: NewEvent;
}

export type OperationName = keyof OperationInputs;

/** All operations, done in one way. That the results of all ways are the same is checked, not typed. */
export type Operations = { [Name in OperationName]: (input: OperationInputs[Name]) => Promise<unknown> };

/** An operation as people read it. */
interface Described {
  name: OperationName;
  title: string;
  /** Properties in which two right results differ: what a statement adds for its own use, and ids that are made anew. */
  differing: readonly string[];
}

/** In the order in which they are timed. */
export const operations: readonly Described[] = [
  { name: 'user', title: 'One user by uid', differing: [] },
  { name: 'devices', title: 'Devices of 30 users', differing: [] },
  { name: 'page', title: 'Page of 30 users with the 5 newest events of each', differing: ['place', 'beyond'] },
  { name: 'addEvent', title: 'addEvent', differing: ['id'] },
];
