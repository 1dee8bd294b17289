import type { WriteDb } from '../../db/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Condition } from '../users/filter/condition.ts';
import { toCondition } from '../users/filter/filter.ts';
import { createPlan, type Plan } from './plan.ts';
import { CONSUMER, type Position } from './stored.ts';
import { parseStoredFilter, type StoredFilter } from './stored-filter.ts';

/** A definition as it is stored, without its filter. */
export interface StoredDefinition {
  id: string;
  segmentId: string;
  /** The definition whose members are those of the segment. Null if the segment has been deleted. */
  currentId: string | null;
  position: string | null;
  usersTotal: number | null;
  isComplete: boolean;
  isReplaced: boolean;
}

/**
 * The state that a step starts from: a consistent snapshot, valid as long as the version of the position is unchanged.
 */
export interface SegmentsAtPosition {
  position: Position;
  definitions: readonly StoredDefinition[];
  plan: Plan;
}

/** The segment definitions of a workspace, with a cache of their compiled filters. */
export class WorkspaceSegments {
  readonly workspaceId: string;
  /** By definition id. The filter of a definition is immutable. */
  #conditions = new Map<string, Condition>();
  #plan: { key: string; plan: Plan } | undefined;
  /** The last state read. Only steps of this process have changed the version since. */
  #last: SegmentsAtPosition | undefined;

  constructor(workspaceId: string) {
    this.workspaceId = workspaceId;
  }

  /** @returns undefined if the workspace has no segments. */
  read(db: WriteDb): Promise<SegmentsAtPosition | undefined> {
    return this.#read(db, undefined);
  }

  /**
   * Reads the position, and also the definitions unless the version is the one that the last step of this process
   * wrote: every change of a definition increments the version. Must not be called within a transaction that changes
   * definitions. @returns undefined if the workspace has no segments.
   */
  async readPosition(db: WriteDb): Promise<SegmentsAtPosition | undefined> {
    const last = this.#last;
    this.#last = undefined;
    this.#last = await this.#read(db, last);
    return this.#last;
  }

  /** Records that a step of this process, which changed no definition, has incremented the version. */
  stepped(): void {
    if (!this.#last) return;
    const { position } = this.#last;
    this.#last = { ...this.#last, position: { ...position, version: String(BigInt(position.version) + 1n) } };
  }

  /** The compiled filter of a definition. @throws {Error} if the definition has not been read. */
  conditionOf(definitionId: string): Condition {
    const condition = this.#conditions.get(definitionId);
    if (!condition) throw new Error(`The filter of the definition ${definitionId} has not been read.`);
    return condition;
  }

  /**
   * Deletes the consumer of a workspace without segments, unless a segment has been created since `version` was read.
   */
  async endConsumer(db: WriteDb, { version }: Position): Promise<void> {
    await db.execute`/* endSegmentConsumer */
      DELETE FROM change_consumers
      WHERE workspace_id = ${this.workspaceId}::uuid AND name = ${CONSUMER} AND version = ${version}::bigint`;
  }

  /** @param known returned with the new position if its version is still current. */
  async #read(db: WriteDb, known: SegmentsAtPosition | undefined): Promise<SegmentsAtPosition | undefined> {
    const { workspaceId } = this;
    const [row] = await db.query<(Position & { definitions: StoredDefinition[] | null })[]>`/* readComputedSegments */
      SELECT snapshot, version::text AS version, CASE WHEN version = ${known?.position.version ?? null}::bigint THEN NULL ELSE (
          SELECT coalesce(jsonb_agg(jsonb_build_object(
            'id', definition.id, 'segmentId', definition.segment_id, 'currentId', segments.definition_id,
            'position', definition.position, 'usersTotal', definition.users_total,
            'isComplete', definition.completed_at IS NOT NULL, 'isReplaced', definition.replaced_at IS NOT NULL
          ) ORDER BY definition.id), '[]')
          FROM segment_definitions AS definition LEFT JOIN segments
            ON segments.workspace_id = ${workspaceId}::uuid AND segments.id = definition.segment_id
          WHERE definition.workspace_id = ${workspaceId}::uuid
        ) END AS definitions
      FROM change_consumers WHERE workspace_id = ${workspaceId}::uuid AND name = ${CONSUMER}`;
    if (!row) return undefined;
    const { snapshot, version, definitions } = row;
    const position = { snapshot, version };
    if (definitions) return { position, definitions, plan: await this.#planOf(db, definitions) };
    return known && { ...known, position };
  }

  async #planOf(db: WriteDb, stored: readonly StoredDefinition[]): Promise<Plan> {
    const computed = stored.filter(({ isReplaced, currentId }) => !isReplaced && currentId !== null);
    const key = computed.map(({ id, currentId, position }) => `${id} ${currentId} ${position}`).join();
    if (this.#plan?.key === key) return this.#plan.plan;
    await this.#compile(db, new Set(computed.map(({ id }) => id)));
    const plan = createPlan(
      computed.map(({ id, segmentId, currentId, position }) => ({
        id,
        segmentId,
        position,
        isCurrent: id === currentId,
        formerId: id === currentId ? null : currentId,
        condition: this.conditionOf(id),
      })),
    );
    this.#plan = { key, plan };
    return plan;
  }

  /** Compiles the filters of definitions that are not cached, and evicts all others from the cache. */
  async #compile(db: WriteDb, ids: ReadonlySet<string>): Promise<void> {
    for (const id of this.#conditions.keys()) if (!ids.has(id)) this.#conditions.delete(id);
    const missing = [...ids].filter((id) => !this.#conditions.has(id));
    if (missing.length === 0) return;
    const rows = await db.query<{ id: string; filter: StoredFilter }[]>`/* readSegmentFilters */
      SELECT id, filter FROM segment_definitions
      WHERE workspace_id = ${this.workspaceId}::uuid AND id = ANY(${arrayParameter(missing, 'uuid')})`;
    for (const { id, filter } of rows) this.#conditions.set(id, toCondition(parseStoredFilter(filter)));
  }
}
