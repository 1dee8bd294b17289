import type { Contestant } from './contestant.ts';
import { fastify } from './fastify.ts';
import { floor } from './floor.ts';
import { mercurius, mercuriusWithChecks } from './mercurius.ts';
import { postgraphile } from './postgraphile.ts';
import { tutorial } from './tutorial.ts';
import { usergraph } from './usergraph.ts';

/** All servers, in the order in which they are measured and listed in tables. */
export const contestants: readonly Contestant[] = [
  usergraph,
  floor,
  fastify,
  mercurius,
  mercuriusWithChecks,
  postgraphile,
  tutorial,
];
