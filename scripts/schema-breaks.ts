import { type Change, CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { z } from 'zod';

/** The schema of the last release, and the breaks since then that are meant. */
export const RELEASED = 'releases/schema.graphql';
export const ACCEPTED = 'releases/accepted-breaks.json';

/** The file of accepted breaks: what each changes, in the words of the check, and why that is worth it. */
export const acceptedBreaks = z.array(z.strictObject({ change: z.string().min(1), reason: z.string().min(1) }));

/** What is wrong with a schema, to one who relies on the last release's. */
interface Findings {
  /** Breaks that nobody has accepted. */
  breaks: string[];
  /** Accepted, but there is no such break. */
  unknown: string[];
}

/** Compares two schemas, as printed. */
export async function findBreaks(
  released: string,
  current: string,
  accepted: z.output<typeof acceptedBreaks>,
): Promise<Findings> {
  const changes = await diff(buildSchema(released), buildSchema(current));
  const breaks = changes.filter(isBreak).map(({ message, path }) => message.replace(/\.?$/, ` (${path})`));
  const known = new Set(accepted.map(({ change }) => change));
  return {
    breaks: breaks.filter((change) => !known.has(change)),
    unknown: [...known].filter((change) => !breaks.includes(change)),
  };
}

/**
 * The inspector counts a change of scopes as dangerous, not as breaking. Here it is a break in either direction: with another
 * scope, callers lose access; with one less, callers can read what they could not.
 */
function isBreak({ criticality, path = '' }: Change): boolean {
  if (criticality.level === CriticalityLevel.Breaking) return true;
  return criticality.level === CriticalityLevel.Dangerous && path.includes('.@requiresScopes');
}
