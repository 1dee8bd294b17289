import type { WriteDb } from '../../db/client.ts';
import { SegmentCycleError, ValidationError, type ValidationIssue } from '../shared/errors.ts';
import type { UserFilter } from '../users/filter/input.ts';
import { parseStoredFilter, type StoredFilter } from './stored-filter.ts';

/** A list or a segment that a filter refers to. */
interface Reference {
  kind: 'lists' | 'segments';
  /** Undefined for a condition that refers to all segments. */
  id: string | undefined;
  /** The path of the id within the filter. */
  path: string[];
}

/** The lists and segments that a filter refers to, and the conditions that refer to all segments. */
export function referencesOf(filter: UserFilter, path: readonly string[] = []): Reference[] {
  const { and, or, not, lists, segments } = filter;
  const idsAt = (kind: Reference['kind'], ids: readonly string[] | null | undefined, at: readonly string[]) =>
    (ids ?? []).map((id, index) => ({ kind, id, path: [...at, String(index)] }));
  return [
    ...(['some', 'none'] as const).flatMap((quantifier) => [
      ...idsAt('lists', lists?.[quantifier]?.listIds, [...path, 'lists', quantifier, 'listIds']),
      ...idsAt('segments', segments?.[quantifier]?.segmentIds, [...path, 'segments', quantifier, 'segmentIds']),
      ...(segments?.[quantifier] && segments[quantifier].segmentIds == null
        ? [{ kind: 'segments' as const, id: undefined, path: [...path, 'segments', quantifier, 'segmentIds'] }]
        : []),
    ]),
    ...(and ?? []).flatMap((part, index) => referencesOf(part, [...path, 'and', String(index)])),
    ...(or ?? []).flatMap((part, index) => referencesOf(part, [...path, 'or', String(index)])),
    ...(not == null ? [] : referencesOf(not, [...path, 'not'])),
  ];
}

/** The ids of the segments that a filter refers to. */
const segmentIdsOf = (filter: UserFilter) =>
  referencesOf(filter).flatMap(({ kind, id }) => (kind === 'segments' && id !== undefined ? [id] : []));

const allSegments = (path: string[]): ValidationIssue => ({
  path,
  code: 'REQUIRED',
  message: 'is required: the filter of a segment cannot refer to all segments',
});

/** @throws {ValidationError} if conditions refer to all segments, which would include the segment itself. */
export function rejectAllSegments(filter: UserFilter): void {
  const issues = referencesOf(filter, ['where']).flatMap(({ id, path }) =>
    id === undefined ? [allSegments(path)] : [],
  );
  if (issues.length > 0) throw new ValidationError(issues);
}

/**
 * Checks that the lists and segments that a filter refers to exist, and that no condition refers to all segments
 * (`rejectAllSegments`).
 * @throws {ValidationError} with an issue per invalid reference, with its path in the input.
 */
export async function checkReferences(tx: WriteDb, workspaceId: string, filter: UserFilter): Promise<void> {
  const references = referencesOf(filter, ['where']);
  if (references.length === 0) return;
  const idsOf = (kind: Reference['kind']) =>
    references.flatMap((reference) => (reference.kind === kind && reference.id !== undefined ? [reference.id] : []));
  const existing = await tx.query<{ id: string }[]>`/* readReferences */
    SELECT id FROM lists WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${idsOf('lists')}::uuid[])
    UNION ALL
    SELECT id FROM segments WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${idsOf('segments')}::uuid[])`;
  const ids = new Set(existing.map(({ id }) => id));
  const issues = references.flatMap(({ kind, id, path }): ValidationIssue[] => {
    if (id === undefined) return [allSegments(path)];
    const resource = kind === 'lists' ? 'list' : 'segment';
    return ids.has(id) ? [] : [{ path, code: 'NOT_FOUND', message: `must be a ${resource} of the workspace` }];
  });
  if (issues.length > 0) throw new ValidationError(issues);
}

/** A reference from the filter of one segment to another segment. */
interface Edge {
  from: string;
  to: string;
}

/** Reads the references between segments in all current and pending definitions. */
async function readEdges(tx: WriteDb, workspaceId: string): Promise<Edge[]> {
  const definitions = await tx.query<{ segmentId: string; filter: StoredFilter }[]>`/* readReferringDefinitions */
    SELECT segment_id AS "segmentId", filter FROM segment_definitions
    WHERE workspace_id = ${workspaceId}::uuid AND replaced_at IS NULL AND filter::text LIKE '%"segmentIds"%'`;
  return definitions.flatMap(({ segmentId, filter }) =>
    segmentIdsOf(parseStoredFilter(filter)).map((to) => ({ from: segmentId, to })),
  );
}

/** The names of segments by id. */
async function readNames(tx: WriteDb, workspaceId: string, ids: readonly string[]): Promise<Map<string, string>> {
  const segments = await tx.query<{ id: string; name: string }[]>`/* readSegmentNames */
    SELECT id, name FROM segments WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${ids}::uuid[])`;
  return new Map(segments.map(({ id, name }) => [id, name]));
}

/**
 * Checks that a filter would not make a segment depend on itself. The caller must have locked the definitions of the
 * workspace.
 * @throws {SegmentCycleError} with the names of the segments in a shortest cycle.
 */
export async function checkCycles(
  tx: WriteDb,
  workspaceId: string,
  segmentId: string,
  filter: UserFilter,
): Promise<void> {
  const first = segmentIdsOf(filter);
  if (first.length === 0) return;
  const targets = Map.groupBy(await readEdges(tx, workspaceId), ({ from }) => from);
  /** Breadth-first search: each reached segment, with the segment that refers to it. */
  const reachedFrom = new Map<string, string>(first.map((id) => [id, segmentId]));
  for (const [id] of reachedFrom) {
    if (id === segmentId) break;
    for (const { to } of targets.get(id) ?? []) if (!reachedFrom.has(to)) reachedFrom.set(to, id);
  }
  if (!reachedFrom.has(segmentId)) return;
  const cycle = [segmentId];
  for (let id = reachedFrom.get(segmentId); id !== undefined && id !== segmentId; id = reachedFrom.get(id)) {
    cycle.unshift(id);
  }
  const ids = [segmentId, ...cycle];
  const names = await readNames(tx, workspaceId, ids);
  throw new SegmentCycleError(ids.map((id) => names.get(id) ?? id));
}

/** Reads the names of the segments that refer to a segment, oldest first. */
export async function readReferringSegments(tx: WriteDb, workspaceId: string, segmentId: string): Promise<string[]> {
  const edges = await readEdges(tx, workspaceId);
  const referring = new Set(edges.filter(({ to }) => to === segmentId).map(({ from }) => from));
  const names = await readNames(tx, workspaceId, [...referring].sort());
  return [...names].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, name]) => name);
}
