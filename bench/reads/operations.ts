import type { NewEvent } from '../operations.ts';

/** Inputs of one call, by operation. */
export interface OperationInputs {
  /** The uid of the user to read. */
  user: string;
  /** The ids of the users whose devices are read, grouped by user and newest first. */
  devices: readonly string[];
  /** The id of the user after which the page starts, newest first. */
  page: string;
  /** The event to add. */
  addEvent: NewEvent;
}

export type OperationName = keyof OperationInputs;

/** All operations in one variant. Result types differ between variants, so results are compared at run time. */
export type Operations = { [Name in OperationName]: (input: OperationInputs[Name]) => Promise<unknown> };

interface OperationInfo {
  name: OperationName;
  title: string;
  /** Properties that may differ between variants: generated ids, and columns that a statement adds for its own use. */
  ignored: readonly string[];
}

/** All operations, in the order in which they are timed. */
export const operations: readonly OperationInfo[] = [
  { name: 'user', title: 'One user by uid', ignored: [] },
  { name: 'devices', title: 'Devices of 30 users', ignored: [] },
  { name: 'page', title: 'Page of 30 users with the 5 newest events of each', ignored: ['place', 'beyond'] },
  { name: 'addEvent', title: 'addEvent', ignored: ['id'] },
];
