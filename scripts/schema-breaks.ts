import { type Change, CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { z } from 'zod';

/** The schema of the last release, and the breaking changes since then that are accepted. */
export const RELEASED = 'releases/schema.graphql';
export const ACCEPTED = 'releases/accepted-breaks.json';

/** The file of accepted breaking changes: the text that the check reports, and the reason to accept it. */
export const acceptedBreaks = z.array(z.strictObject({ change: z.string().min(1), reason: z.string().min(1) }));

interface Findings {
  /** Breaking changes that are not accepted. */
  breaks: string[];
  /** Accepted changes that the schema does not contain. */
  unmatched: string[];
}

/** Compares two printed schemas. */
export async function findBreaks(
  released: string,
  current: string,
  accepted: z.output<typeof acceptedBreaks>,
): Promise<Findings> {
  const changes = await diff(buildSchema(released), buildSchema(current));
  const breaks = changes.filter(isBreak).map(({ message, path }) => message.replace(/\.?$/, ` (${path})`));
  const acceptedChanges = new Set(accepted.map(({ change }) => change));
  return {
    breaks: breaks.filter((change) => !acceptedChanges.has(change)),
    unmatched: [...acceptedChanges].filter((change) => !breaks.includes(change)),
  };
}

/**
 * GraphQL Inspector classifies a change of scopes as dangerous, not as breaking. Here every such change is breaking: with an
 * additional scope, callers lose access; with a scope removed, callers gain access to protected data.
 */
function isBreak({ criticality, path = '' }: Change): boolean {
  if (criticality.level === CriticalityLevel.Breaking) return true;
  return criticality.level === CriticalityLevel.Dangerous && path.includes('.@requiresScopes');
}
