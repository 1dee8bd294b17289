import SchemaBuilder from '@pothos/core';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import { PrismaPg } from '@prisma/adapter-pg';
import { DateTimeResolver, JSONResolver } from 'graphql-scalars';
import { PrismaClient } from './generated/client/client.ts';
import type PrismaTypes from './generated/pothos-types.ts';
import { getDatamodel } from './generated/pothos-types.ts';

const { DATABASE_URL, POOL_SIZE } = process.env;

/** What a resolver is told of the caller. */
export interface Context {
  workspaceId: string;
}

/** The Prisma client. */
export const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: DATABASE_URL, max: Number(POOL_SIZE) }),
});

/** The builder, as the documentation of Pothos's Prisma plugin sets it up. */
export const builder = new SchemaBuilder<{
  Context: Context;
  PrismaTypes: PrismaTypes;
  Scalars: { DateTime: { Input: Date; Output: Date }; JSON: { Input: object; Output: unknown } };
}>({
  plugins: [RelayPlugin, PrismaPlugin],
  prisma: { client: prisma, dmmf: getDatamodel() },
});

builder.addScalarType('DateTime', DateTimeResolver);
builder.addScalarType('JSON', JSONResolver);
