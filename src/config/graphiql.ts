/** Whom GraphiQL is served to: nobody, anybody, or those alone who may read the schema. */
export type GraphiQLFor = false | 'anybody' | 'schemaReaders';

/** The variables that it depends on. */
interface GraphiQLVariables {
  GRAPHIQL?: boolean | undefined;
  NODE_ENV?: string | undefined;
  DATABASE_URL?: string | undefined;
  PERSISTED_OPERATIONS_ONLY: boolean;
}

/** Whom checked variables serve GraphiQL to. */
export function graphiqlFor({ GRAPHIQL, NODE_ENV, DATABASE_URL, ...data }: GraphiQLVariables): GraphiQLFor {
  const inProduction = NODE_ENV === 'production';
  if (!(GRAPHIQL ?? !(inProduction || data.PERSISTED_OPERATIONS_ONLY))) return false;
  return inProduction && DATABASE_URL !== undefined ? 'schemaReaders' : 'anybody';
}
