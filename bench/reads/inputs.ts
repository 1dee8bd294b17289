import type { Client } from 'pg';
import { pickInputs } from '../questions.ts';
import type { OperationInputs } from './operations.ts';

/** Users of one batch of devices. */
const BATCH = 30;

/** Picks what the operations are given out of the database: at random, but the same in every run. */
export async function pickOperationInputs(
  client: Client,
  users: number,
): Promise<{ [Name in keyof OperationInputs]: OperationInputs[Name][] }> {
  const picked = await pickInputs(client, users);
  const ids = picked['add-event'].map(({ userId }) => userId);
  return {
    user: picked.user.map(({ uid }) => uid),
    devices: Array.from({ length: Math.floor(ids.length / BATCH) }, (_, place) =>
      ids.slice(place * BATCH, (place + 1) * BATCH),
    ),
    page: picked['page-far'].map(({ after }) => after),
    addEvent: picked['add-event'],
  };
}
