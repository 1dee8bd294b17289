import type { z } from 'zod';
import type { ReadDb, WriteDb } from '../../db/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { writeEvents } from '../events/add-many.ts';
import { newEvent } from '../events/inputs.ts';
import type { Actor } from '../shared/actor.ts';
import { isFailure, type Outcome } from '../shared/bulk.ts';
import { NotFoundError } from '../shared/errors.ts';
import type { Scope } from '../shared/scopes.ts';
import type { ImportKind } from './fields.ts';
import type { TransferKind } from './jobs.ts';
import { importedList, writeLists } from './write-lists.ts';
import { importedUser, writeUsers } from './write-users.ts';

/** A record that was written. */
export interface Written {
  /** Whether it was created, and not updated. */
  isCreated: boolean;
}

/** How records of a kind are validated and written. */
export interface RecordWriter {
  /** The scope that the actor needs. */
  scope: Scope;
  schema: z.ZodType;
  /** Writes validated inputs in a transaction. @returns an outcome for each, in order. */
  write(tx: WriteDb, actor: Actor, inputs: readonly unknown[]): Promise<Outcome<Written>[]>;
  /** Finds inputs that refer to what does not exist, without writing. */
  check(db: ReadDb, workspaceId: string, inputs: readonly unknown[]): Promise<Outcome<Written>[]>;
}

/** Binds the functions of a writer to the type of its schema. */
function writerOf<Schema extends z.ZodType>(writer: {
  scope: Scope;
  schema: Schema;
  write(tx: WriteDb, actor: Actor, inputs: readonly z.output<Schema>[]): Promise<Outcome<Written>[]>;
  check?(db: ReadDb, workspaceId: string, inputs: readonly z.output<Schema>[]): Promise<Outcome<Written>[]>;
}): RecordWriter {
  // The importer passes what the schema has returned.
  const typed = (inputs: readonly unknown[]) => inputs as readonly z.output<Schema>[];
  return {
    ...writer,
    write: (tx, actor, inputs) => writer.write(tx, actor, typed(inputs)),
    check: async (db, workspaceId, inputs) =>
      (await writer.check?.(db, workspaceId, typed(inputs))) ?? inputs.map(() => ({ isCreated: true })),
  };
}

export const writers: Readonly<Record<ImportKind, RecordWriter>> = {
  importUsers: writerOf({
    scope: 'users:identify',
    schema: importedUser,
    write: writeUsers,
    async check(db, workspaceId, inputs) {
      const listIds = inputs.map((input) => input.memberships?.map(({ id }) => id) ?? input.listIds ?? []);
      const all = arrayParameter([...new Set(listIds.flat())], 'uuid');
      const lists = await db.query<{ id: string }[]>`/* findImportedLists */
        SELECT id FROM lists WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${all})`;
      const known = new Set(lists.map(({ id }) => id));
      return listIds.map((ids) =>
        ids.every((id) => known.has(id)) ? { isCreated: true } : { error: new NotFoundError('List') },
      );
    },
  }),
  importEvents: writerOf({
    scope: 'events:write',
    schema: newEvent,
    async write(tx, actor, inputs) {
      const outcomes = await writeEvents(tx, actor, inputs);
      return outcomes.map((outcome) => (isFailure(outcome) ? outcome : { isCreated: true }));
    },
    async check(db, workspaceId, inputs) {
      const uids = arrayParameter([...new Set(inputs.map(({ uid }) => uid))], 'text');
      const users = await db.query<{ uid: string }[]>`/* findImportedUids */
        SELECT uid FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ANY(${uids})`;
      const known = new Set(users.map(({ uid }) => uid));
      return inputs.map(({ uid }) => (known.has(uid) ? { isCreated: true } : { error: new NotFoundError('User') }));
    },
  }),
  importLists: writerOf({
    scope: 'lists:write',
    schema: importedList,
    async write(tx, actor, inputs) {
      return (await writeLists(tx, actor, inputs)).map((isCreated) => ({ isCreated }));
    },
  }),
};

/** Whether jobs of a kind are imports. */
export const isImportKind = (kind: TransferKind): kind is ImportKind => kind in writers;
