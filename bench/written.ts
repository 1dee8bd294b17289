import { FILL_END, firstIdOf } from './database/ids.ts';
import type { Inputs, QuestionName } from './questions.ts';

/** Where what a write has written is found again. */
export interface Written<Input> {
  /** Its first parameter is the workspace. */
  sql: string;
  values(input: Input): unknown[];
  /** The one row that there should be. */
  row(input: Input): object;
}

/** Where an added event is found: among those newer than the fill, of which there is no other. */
const event: Written<Inputs['add-event']> = {
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

/** What an updated user has. */
const meta: Written<Inputs['update-user']> = {
  sql: 'SELECT uid, meta, updated_at <> created_at AS updated FROM users WHERE workspace_id = $1 AND uid = $2',
  values: ({ uid }) => [uid],
  row: ({ uid, meta }) => ({ uid, meta, updated: true }),
};

/** What a created user has; `created_at` is the contestant's own. */
const created: Written<Inputs['upsert-user']> = {
  sql: 'SELECT uid, meta FROM users WHERE workspace_id = $1 AND uid = $2',
  values: ({ uid }) => [uid],
  row: ({ uid, meta }) => ({ uid, meta }),
};

/** By the question; those that write nothing have none. */
export const written: { [Name in QuestionName]?: Written<Inputs[Name]> } = {
  'add-event': event,
  'update-user': meta,
  'upsert-user': created,
};
