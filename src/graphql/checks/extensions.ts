import type { GraphQLLimits } from './limits.ts';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** What reading the field costs, where that is not what `complexity.ts` takes it for. */
    cost?: number;
    /** The argument that lists what the field is to read, and the limit of its items. */
    reads?: { argument: string; limit: keyof Pick<GraphQLLimits, 'nodes' | 'entities'> };
  }
}
