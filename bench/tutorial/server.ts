import { createServer } from 'node:http';
import { createYoga } from 'graphql-yoga';
import type { Context } from './builder.ts';
import { schema } from './schema.ts';

/** The stack as its tutorials put it together: Yoga in Node's server, Pothos with its plugin for Prisma, no authentication. */
const { PORT, WORKSPACE_ID = '' } = process.env;

const yoga = createYoga({ schema, context: (): Context => ({ workspaceId: WORKSPACE_ID }) });

createServer(yoga).listen(Number(PORT), '127.0.0.1');
