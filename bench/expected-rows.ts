import { FILL_END, firstIdOf } from './database/ids.ts';
import type { Inputs, OperationName } from './operations.ts';

/** The row that a write must store, and the query that reads it. */
export interface ExpectedRow<Input> {
  /** $1 is the workspace; the other parameters are `values`. */
  sql: string;
  values(input: Input): unknown[];
  row(input: Input): object;
}

/** The only event that is newer than the rows of the fill. */
const addedEvent: ExpectedRow<Inputs['add-event']> = {
  sql: `SELECT uid, events.name, value, properties, timestamp FROM events JOIN users ON users.id = events.user_id
    WHERE events.workspace_id = $1 AND uid = $2 AND events.id >= $3`,
  values: ({ uid }) => [uid, firstIdOf(FILL_END)],
  row: ({ uid, name, value, properties, timestamp }) => ({
    uid,
    name,
    value,
    properties,
    timestamp: new Date(timestamp),
  }),
};

const updatedUser: ExpectedRow<Inputs['update-user']> = {
  sql: 'SELECT uid, meta, updated_at <> created_at AS updated FROM users WHERE workspace_id = $1 AND uid = $2',
  values: ({ uid }) => [uid],
  row: ({ uid, meta }) => ({ uid, meta, updated: true }),
};

/** `created_at` is not compared: each server sets its own. */
const createdUser: ExpectedRow<Inputs['upsert-user']> = {
  sql: 'SELECT uid, meta FROM users WHERE workspace_id = $1 AND uid = $2',
  values: ({ uid }) => [uid],
  row: ({ uid, meta }) => ({ uid, meta }),
};

/** Expected rows of the operations that write. */
export const expectedRows: { [Name in OperationName]?: ExpectedRow<Inputs[Name]> } = {
  'add-event': addedEvent,
  'update-user': updatedUser,
  'upsert-user': createdUser,
};
