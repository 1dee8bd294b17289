import type { Client } from 'pg';
import { pickInputs } from '../operations.ts';
import type { OperationInputs } from './operations.ts';

/** Users whose devices are read in one call. */
const USERS_PER_BATCH = 30;

/** Picks the inputs of all operations from the database: at random, but the same in every run. */
export async function pickOperationInputs(
  client: Client,
  users: number,
): Promise<{ [Name in keyof OperationInputs]: OperationInputs[Name][] }> {
  const picked = await pickInputs(client, users);
  const ids = picked['add-event'].map(({ userId }) => userId);
  return {
    user: picked.user.map(({ uid }) => uid),
    devices: Array.from({ length: Math.floor(ids.length / USERS_PER_BATCH) }, (_, index) =>
      ids.slice(index * USERS_PER_BATCH, (index + 1) * USERS_PER_BATCH),
    ),
    page: picked['page-far'].map(({ after }) => after),
    addEvent: picked['add-event'],
  };
}
