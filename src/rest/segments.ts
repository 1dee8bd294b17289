import { z } from 'zod';
import type { Viewer } from '../auth/viewer.ts';
import type { ReadDb } from '../db/client.ts';
import { readSegmentDefinitions, type SegmentStatus, segmentStatuses } from '../domain/segments/definition.ts';
import type { Segment } from '../domain/segments/segment.ts';
import { presentFilter, type StoredFilter } from '../domain/segments/stored-filter.ts';
import { readFilterNames, summaryOf } from '../domain/segments/summary.ts';
import { type Example, restNameOf } from './operation.ts';
import { toRestInstant } from './users.ts';

/** A segment as the REST API returns it. */
export const segmentObject = z
  .object({
    id: z.string().meta({ description: 'The identifier of the segment.' }),
    name: z.string(),
    description: z.string().nullable().meta({ description: 'Null if it has none.' }),
    where: z.unknown().meta({
      type: ['object', 'null'],
      description:
        'The filter, as `POST /segments` accepts it, in canonical form. Null for a segment whose members were imported.',
    }),
    summary: z.string().nullable().meta({
      description: 'The filter in words. For display only: the wording can change. Null if there is no filter.',
    }),
    status: z.enum(segmentStatuses.map((status) => status.toLowerCase() as Lowercase<SegmentStatus>)).meta({
      description:
        '`computing` until the members of the latest filter are complete; `static` for a segment whose members were imported.',
    }),
    progress: z
      .int()
      .nullable()
      .meta({ description: 'Percentage of users evaluated, from 0 to 99. Null unless the status is `computing`.' }),
    computed_at: z.string().nullable().meta({
      description: 'When the computation of the current members completed. Null before the first completion.',
      format: 'date-time',
    }),
    created_at: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Segment', description: 'A segment.' });

type SegmentObject = z.output<typeof segmentObject>;

export const exampleSegment: SegmentObject = {
  id: '0193a5c2-7a40-7d7e-9d0c-5f0d3c9b8a11',
  name: 'Paying customers',
  description: null,
  where: { meta: [{ key: 'plan', string: { eq: 'pro' } }] },
  summary: 'plan is "pro"',
  status: 'ready',
  progress: null,
  computed_at: '2026-01-12T05:24:40.117+00:00',
  created_at: '2026-01-12T05:24:39.062+00:00',
};

export const segmentExamples: Record<string, Example> = {
  segment: { summary: 'A segment', value: exampleSegment },
};

const toRestFilter = (filter: StoredFilter) => presentFilter(filter, { name: restNameOf });

/** Converts segments to segment objects. Omits segments that were deleted after they were read. */
export async function readSegmentObjects(
  db: ReadDb,
  { workspaceId, scopes }: Pick<Viewer, 'workspaceId' | 'scopes'>,
  segments: readonly Segment[],
): Promise<SegmentObject[]> {
  const ids = segments.map(({ id }) => id);
  const definitions = await readSegmentDefinitions(db, workspaceId, ids);
  const filters = [...definitions.values()].flatMap(({ filter }) => (filter ? [filter] : []));
  const names = await readFilterNames(db, workspaceId, filters, { lists: scopes.has('lists:read') });
  return segments.flatMap(({ id, name, description, createdAt }) => {
    const definition = definitions.get(id);
    if (!definition) return [];
    const { filter, status, progress, computedAt } = definition;
    return {
      id,
      name,
      description,
      where: filter && toRestFilter(filter),
      summary: filter && summaryOf(filter, names),
      status: status.toLowerCase() as Lowercase<SegmentStatus>,
      progress,
      computed_at: computedAt && toRestInstant(computedAt),
      created_at: toRestInstant(createdAt),
    };
  });
}
