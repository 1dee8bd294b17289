import { createServer } from 'node:http';
import { createYoga } from 'graphql-yoga';
import type { Context } from './builder.ts';
import { schema } from './schema.ts';

// A typical server as in the tutorials of its libraries: Yoga on Node's HTTP server, and Pothos with its Prisma plugin. No
// authentication.

const { PORT, WORKSPACE_ID = '' } = process.env;

const yoga = createYoga({ schema, context: (): Context => ({ workspaceId: WORKSPACE_ID }) });

createServer(yoga).listen(Number(PORT), '127.0.0.1');
