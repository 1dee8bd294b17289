import type { Contestant } from './contestant.ts';
import { floor } from './floor.ts';
import { postgraphile } from './postgraphile.ts';
import { tutorial } from './tutorial.ts';
import { usergraph } from './usergraph.ts';

/** In the order in which they are measured and shown. */
export const contestants: readonly Contestant[] = [usergraph, floor, postgraphile, tutorial];
