import { setTimeout as delay } from 'node:timers/promises';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { FastifyInstance } from 'fastify';
import { type DocumentNode, print } from 'graphql';
import { pino } from 'pino';
import { expect } from 'vitest';
import { createApp, type Dependencies } from '../../src/app.ts';
import { createKey } from '../../src/auth/keys.ts';
import { defaultLimits, type Limits } from '../../src/config/limits.ts';
import type { DatabaseClient } from '../../src/db/client.ts';
import { labelOf } from '../../src/db/statements.ts';
import type { DatabaseTimeouts } from '../../src/db/timeouts.ts';
import { type Scope, scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { createDatabase, openWorkerDatabase, type TestDatabase } from './database.ts';
import { recordStatements } from './statements.ts';
import { namesWorkspace } from './tenant-statements.ts';
import { unlimited } from './unlimited.ts';
import { variant } from './variant.ts';
import { viewOfWorkspaces } from './workspace-view.ts';

/** The `Authorization` header of a caller; undefined for a request without credentials. */
export type Caller = string | undefined;

/** A response of the GraphQL API. */
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

/** A workspace with the `Authorization` headers of its callers. */
export interface Tenant {
  workspaceId: string;
  /** Of a key with every scope, with its secret. */
  owner: string;
  /** Of the same key, without its secret. */
  publicKey: string;
  /** Creates a key with these scopes only, and returns its header. */
  withScopes(...granted: Scope[]): Promise<string>;
}

/** The `Authorization` header of a key, with or without its secret. */
export const basic = (publicKey: string, secret = '') =>
  `Basic ${Buffer.from(`${publicKey}:${secret}`).toString('base64')}`;

async function createTenant(db: DatabaseClient, name: string): Promise<Tenant> {
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

type GatewayOptions = Partial<Omit<Dependencies, 'db' | 'readiness' | 'limits'>> & {
  poolSize?: number;
  /** Overrides of the default limits. */
  limits?: Partial<Limits>;
};

/** An app with its database client, which one test after another can use. */
interface Gateway extends AsyncDisposable {
  app: FastifyInstance;
  database: TestDatabase;
  /** The statements since they were last cleared, BEGIN and COMMIT included. */
  statements: string[];
  /** Statements that have no label, or neither a scope nor the workspace of each table as a parameter. */
  faults: Set<string>;
}

async function createGateway(
  openDatabase: (options: { poolSize?: number | undefined; timeouts: DatabaseTimeouts }) => Promise<TestDatabase>,
  { poolSize, ...options }: GatewayOptions = {},
): Promise<Gateway> {
  // The limit on the time of a document depends on the speed of the machine.
  const limits = { ...defaultLimits, documentMs: 0, ...variant.limits, ...options.limits };
  const database = await openDatabase({ poolSize, timeouts: limits });
  const statements: string[] = [];
  const faults = new Set<string>();
  recordStatements(database.db, ({ name, text, scope }) => {
    statements.push(text);
    // Statements with neither a name nor a label are Prisma's: the test's own.
    if (!name && !labelOf(text)) return;
    if (!labelOf(text) || (!scope && !namesWorkspace(text))) faults.add(text);
  });
  const app = await createApp({
    db: database.db,
    log: pino({ level: 'silent' }),
    readiness: async () => undefined,
    corsOrigins: [],
    ...unlimited,
    compileAfter: variant.compileAfter,
    ...options,
    limits,
  });
  return {
    app,
    database,
    statements,
    faults,
    async [Symbol.asyncDispose]() {
      await app.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** The gateway with default options that all tests of this worker share. */
let sharedGateway: Promise<Gateway> | undefined;

/** Longest time in ms that the requests and statements of a test may continue after it. */
const SETTLE_MS = 10_000;

/** Waits until no connection is in use. A gateway with one that stays in use is replaced, so that the next test has all. */
async function settleSharedGateway(gateway: Gateway): Promise<void> {
  const { pool } = gateway.database.db;
  const deadline = performance.now() + SETTLE_MS;
  while (pool.waitingCount > 0 || pool.idleCount < pool.totalCount) {
    if (performance.now() > deadline) {
      sharedGateway = undefined;
      throw new Error(`The test has left ${pool.totalCount - pool.idleCount} connections in use.`);
    }
    await delay(2);
  }
}

/**
 * Starts the gateway in process, with two new workspaces. Dispose of it with `await using`.
 *
 * With default options, all tests of a worker share one app and one database. Other options start an app of its own on
 * that database.
 *
 * @param ownDatabase for tests that change or count what belongs to no workspace: tables, settings, sessions, the rows of
 * background jobs.
 * @param ownApp for tests that listen on a port, replace parts of the app, or rely on empty caches.
 */
export async function startApp({
  ownDatabase = false,
  ownApp = false,
  ...options
}: GatewayOptions & { ownDatabase?: boolean; ownApp?: boolean } = {}) {
  const isShared = !ownDatabase && !ownApp && Object.keys(options).length === 0;
  if (isShared) sharedGateway ??= createGateway(openWorkerDatabase);
  const gateway = await (isShared && sharedGateway
    ? sharedGateway
    : createGateway(ownDatabase ? createDatabase : openWorkerDatabase, options));
  const { app, database, statements } = gateway;
  const tenant = await createTenant(database.db, 'Owner');
  const stranger = await createTenant(database.db, 'Stranger');
  const db = viewOfWorkspaces(database.db, [tenant.workspaceId, stranger.workspaceId]);

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
    /** The test's other workspace, on the same database. */
    stranger,
    /** Sends an operation and returns the whole response. */
    send,
    /** Sends an operation and returns its data. @throws where the response has errors. */
    async run<Data, Variables>(
      document: TypedDocumentNode<Data, Variables>,
      variables?: Variables,
      caller?: Caller,
    ): Promise<Data> {
      const { data, errors } = await send(document, variables, caller);
      if (errors || !data) throw new Error(`The operation failed: ${JSON.stringify(errors)}`);
      return data;
    },
    /** Returns the SQL statements that `act` causes, BEGIN and COMMIT included. The first request of a key looks it up. */
    async statementsOf(act: () => Promise<unknown>): Promise<string[]> {
      statements.length = 0;
      await act();
      return [...statements];
    },
    async [Symbol.asyncDispose]() {
      await (isShared ? settleSharedGateway(gateway) : gateway[Symbol.asyncDispose]());
      const faults = [...gateway.faults];
      gateway.faults.clear();
      expect(faults, 'statements without a label or without the workspace of each table as a parameter').toEqual([]);
    },
  };
}
