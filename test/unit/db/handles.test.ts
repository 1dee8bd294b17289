import { expect, it } from 'vitest';
import type { Database, ReadDb, WriteDb } from '../../../src/db/client.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { insertEvents } from '../../../src/domain/events/add.ts';
import { findResult, idempotentRequest } from '../../../src/domain/idempotency/keys.ts';
import { readUsers } from '../../../src/domain/users/read.ts';
import { updateUser } from '../../../src/domain/users/upsert.ts';

declare const read: ReadDb;
declare const write: WriteDb;
declare const database: Database;
declare const actor: Parameters<typeof updateUser>[1];

/** Compiled and never called: `tsc` fails if one of these lines is accepted. */
export function assignments(): unknown[] {
  // @ts-expect-error A handle that may be of a replica is not one of the primary.
  const writeFromRead: WriteDb = read;
  // @ts-expect-error Nor is one that has the same functions, but was not made for the primary.
  const writeFromFunctions: WriteDb = { query: write.query, execute: write.execute };
  // @ts-expect-error A handle for single statements cannot begin a transaction.
  const databaseFromWrite: Database = write;
  const readFromWrite: ReadDb = write;
  const readFromDatabase: ReadDb = database;
  // @ts-expect-error `execute` changes rows.
  read.execute`DELETE FROM users`;
  // @ts-expect-error A function that writes does not take a handle for reads.
  insertEvents(read, '', [], { lock: 'wait' });
  // @ts-expect-error A mutation does not.
  updateUser(read, actor, { uid: '' });
  // @ts-expect-error A transaction is on the primary.
  inTransaction(read, async () => {});
  // @ts-expect-error A replica may not have the result of an idempotent request yet.
  findResult(read, '', idempotentRequest('', 'addEvent', {}));
  readUsers(read, '', []);
  inTransaction(database, (tx) => readUsers(tx, '', []));
  return [writeFromRead, writeFromFunctions, databaseFromWrite, readFromWrite, readFromDatabase];
}

it('is checked by the compiler', () => {
  expect(assignments).toBeTypeOf('function');
});
