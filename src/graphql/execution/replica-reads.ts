import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ReadSource } from '../../db/servers/replicas.ts';
import type { Context } from '../context.ts';
import { type Loaders, loadersByWorkspace } from '../loaders/index.ts';

/** Chooses where a query reads. */
export interface ReadChoosing {
  /** Undefined without replicas. */
  chooseReads?: (() => ReadSource | Promise<ReadSource>) | undefined;
}

/**
 * Lets queries read from replicas. Each source has loaders of its own: a batch is read by one server, which is fresh enough for all of
 * its requests. Mutations and their payloads keep the primary.
 */
export function replicaReads(): Plugin<Context & ReadChoosing> {
  const loadersBySource = new WeakMap<ReadSource, (workspaceId: string) => Loaders>();
  const loadersOf = (source: ReadSource) => {
    const loaders = loadersBySource.get(source) ?? loadersByWorkspace(source.forWorkspace);
    loadersBySource.set(source, loaders);
    return loaders;
  };
  return {
    async onExecute({ args: { document, operationName, contextValue } }) {
      if (getOperationAST(document, operationName)?.operation !== 'query') return;
      const source = await contextValue.chooseReads?.();
      if (!source) return;
      const { workspaceId } = contextValue.viewer;
      Object.assign(contextValue, {
        reads: source.forWorkspace(workspaceId),
        loaders: loadersOf(source)(workspaceId),
      });
    },
  };
}
