import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type DocumentNode, print } from 'graphql';
import { pino } from 'pino';
import { expect } from 'vitest';
import { createApp, type Dependencies } from '../../src/app.ts';
import { createKey } from '../../src/auth/keys.ts';
import { defaultLimits, type Limits } from '../../src/config/limits.ts';
import { type Scope, scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { recordStatements } from './statements.ts';
import { referencesWithoutWorkspace } from './tenant-statements.ts';
import { unlimited } from './unlimited.ts';

/** Credentials of a caller, as an `Authorization` header; undefined for somebody without any. */
export type Caller = string | undefined;

/** An answer of the GraphQL door. */
export interface Answer<Data = unknown> {
  status: number;
  headers: Record<string, unknown>;
  data?: Data | null;
  errors?: {
    message: string;
    path?: (string | number)[];
    extensions: { code: string; issues?: { path: string[]; code: string }[]; [key: string]: unknown };
  }[];
  extensions?: Record<string, unknown>;
}

/** A tenant with callers of its own. */
export interface Tenant {
  workspaceId: string;
  /** With the secret of a key that has every scope. */
  owner: string;
  /** With the public key alone. */
  publicKey: string;
  /** With the secret of a fresh key that has just these scopes. */
  withScopes(...granted: Scope[]): Promise<string>;
}

/** The `Authorization` header of a key, with its secret or alone. */
export const basic = (publicKey: string, secret = '') =>
  `Basic ${Buffer.from(`${publicKey}:${secret}`).toString('base64')}`;

async function createTenant({ db }: TestDatabase, name: string): Promise<Tenant> {
  const { id } = await createWorkspace(db, name);
  const key = await createKey(db, id, scopes);
  return {
    workspaceId: id,
    owner: basic(key.publicKey, key.secret),
    publicKey: basic(key.publicKey),
    withScopes: async (...granted) => {
      const { publicKey, secret } = await createKey(db, id, granted);
      return basic(publicKey, secret);
    },
  };
}

/** Starts the whole gateway in process, on a database of its own with two tenants. Dispose of it with `await using`. */
export async function startApp(
  options: Partial<Omit<Dependencies, 'db' | 'readiness' | 'limits'>> & {
    poolSize?: number;
    /** Those that are to differ from the defaults. */
    limits?: Partial<Limits>;
  } = {},
) {
  // A slow machine would refuse what another answers.
  const limits = { ...defaultLimits, documentMs: 0, ...options.limits };
  const database = await createDatabase(options.poolSize, limits);
  const { db } = database;
  let statements: string[] = [];
  const faults = new Set<string>();
  recordStatements(db, ({ name, text }) => {
    statements.push(text);
    // Those without a name are Prisma's: the test's own.
    if (name && referencesWithoutWorkspace(text).length > 0) faults.add(text);
  });
  const app = await createApp({
    db,
    log: pino({ level: 'silent' }),
    readiness: async () => undefined,
    corsOrigins: [],
    ...unlimited,
    ...options,
    limits,
  });
  const tenant = await createTenant(database, 'Owner');
  const stranger = await createTenant(database, 'Stranger');

  async function send<Data, Variables>(
    document: TypedDocumentNode<Data, Variables> | DocumentNode | string,
    variables?: Variables,
    caller: Caller = tenant.owner,
  ): Promise<Answer<Data>> {
    const response = await app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json', ...(caller ? { authorization: caller } : {}) },
      payload: JSON.stringify({ query: typeof document === 'string' ? document : print(document), variables }),
    });
    return { status: response.statusCode, headers: response.headers, ...response.json() };
  }

  return {
    ...tenant,
    app,
    db,
    connection: database.connection,
    /** Another workspace of the same database. */
    stranger,
    /** Sends an operation and gives the whole answer. */
    send,
    /** Sends an operation that is to succeed, and gives its data. */
    async run<Data, Variables>(
      document: TypedDocumentNode<Data, Variables>,
      variables?: Variables,
      caller?: Caller,
    ): Promise<Data> {
      const { data, errors } = await send(document, variables, caller);
      if (errors || !data) throw new Error(`The operation failed: ${JSON.stringify(errors)}`);
      return data;
    },
    /** The SQL statements that something causes, BEGIN and COMMIT included, once the key is known. */
    async statementsOf(act: () => Promise<unknown>): Promise<string[]> {
      statements = [];
      await act();
      return statements;
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await database[Symbol.asyncDispose]();
      expect([...faults], 'statements that do not name the workspace of each table by a parameter').toEqual([]);
    },
  };
}
