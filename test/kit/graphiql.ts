import { pino } from 'pino';
import { createApp, type Dependencies } from '../../src/app.ts';
import { createKey } from '../../src/auth/keys.ts';
import { defaultLimits } from '../../src/config/limits.ts';
import { demoCredentials, demoWorkspace, seedDemoData } from '../../src/dev/demo-data.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { closeTemplate, createDatabase, openWorkerDatabase } from './database.ts';
import { settle } from './segments/workspace.ts';
import { unlimited } from './unlimited.ts';

/** The headers that a browser sends when a user opens a URL. */
export const navigation = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

let seeded: Promise<string> | undefined;

/** The name of a database with the demo data, to be copied. */
function demoTemplate(): Promise<string> {
  // A database to which sessions are connected cannot be copied.
  seeded ??= createDatabase({ isDirect: true }).then(async ({ name, db }) => {
    await seedDemoData(db, (tx, id) => createKey(tx, id, scopes, demoCredentials));
    await settle({ db, workspaceId: demoWorkspace.id });
    await db.$disconnect();
    await closeTemplate(name);
    return name;
  });
  return seeded;
}

/** Starts the gateway in process, with or without GraphiQL. Dispose of it with `await using`. */
export async function startGraphiQL({
  graphiql,
  demoKey,
  demo = false,
}: Pick<Dependencies, 'graphiql' | 'demoKey'> & { demo?: boolean }) {
  const database = await (demo ? createDatabase({ template: await demoTemplate() }) : openWorkerDatabase());
  const log = pino({ level: 'silent' });
  const app = await createApp({
    db: database.db,
    log,
    readiness: async () => undefined,
    corsOrigins: [],
    // The limit on the time of a document depends on the speed of the machine.
    limits: { ...defaultLimits, documentMs: 0 },
    ...unlimited,
    graphiql,
    demoKey,
  });
  return {
    db: database.db,
    /** Sends a GET. */
    get: (url: string, headers: Record<string, string> = navigation) => app.inject({ url, headers }),
    /** Sends an operation with the text of GraphiQL's three editors, and returns the response. */
    async play({ query, variables, headers }: { query: string; variables: string; headers: string }): Promise<unknown> {
      const payload = { query, variables: JSON.parse(variables) };
      return (await app.inject({ method: 'POST', url: '/graphql', headers: JSON.parse(headers), payload })).json();
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await database[Symbol.asyncDispose]();
    },
  };
}
