/** An index that filters can use and that a deployment can do without. */
interface Index {
  /** Its name in the database. */
  relation: string;
  table: 'users' | 'events';
  /** What follows `CREATE INDEX … ON table`. @param trigrams the operator class of pg_trgm. */
  definition(trigrams: string): string;
  /** The extensions that it needs; all are trusted ones of PostgreSQL's contrib. */
  extensions: readonly string[];
  /** The migrations create it if they can. */
  isStandard?: true;
  /** Which conditions and orders it serves. */
  serves: string;
  /** What it costs: docs/filters.md says how this was measured. */
  cost: string;
}

const folded = (column: string) => `(lower("${column}") COLLATE "C")`;

/**
 * The indexes that a deployment chooses by creating or dropping them. The existence of an index is the setting. Their
 * expressions are those of the conditions (`users/filter/profile.ts`, `events/filter.ts`).
 */
export const indexes = {
  attributes: {
    relation: 'users_meta_idx',
    table: 'users',
    definition: () => 'USING gin ("workspace_id", "attribute_tokens"("meta"))',
    extensions: ['btree_gin'],
    isStandard: true,
    serves: 'attributes: eq, in, exists',
    cost: 'part of the standard indexes',
  },
  'attribute-text': {
    relation: 'users_meta_text_idx',
    table: 'users',
    definition: (trigrams) => `USING gin ("workspace_id", lower("meta"::text) ${trigrams})`,
    extensions: ['btree_gin', 'pg_trgm'],
    serves: 'attributes: contains, startsWith, endsWith',
    cost: 'updates of attributes take 1.7 times the CPU time of PostgreSQL and 3.6 times the WAL',
  },
  'field-text': {
    relation: 'users_fields_text_idx',
    table: 'users',
    definition: (trigrams) =>
      `USING gin ("workspace_id", ${['uid', 'email', 'first_name', 'last_name', 'number']
        .map((column) => `${folded(column)} ${trigrams}`)
        .join(', ')})`,
    extensions: ['btree_gin', 'pg_trgm'],
    serves: 'uid, email, number, firstName, lastName: contains, endsWith; number: eq, startsWith',
    cost: 'updates of attributes and indexed fields take 1.4 times the CPU time of PostgreSQL and 2.2 times the WAL',
  },
  'event-properties': {
    relation: 'events_properties_idx',
    table: 'events',
    definition: () => `USING gin ("workspace_id", "attribute_tokens"("properties")) WHERE "properties" <> '{}'::jsonb`,
    extensions: ['btree_gin'],
    serves: 'properties of events: eq, in, exists',
    cost: 'new events with properties take 1.2 times the CPU time of PostgreSQL and 1.2 times the WAL',
  },
  'updated-at': {
    relation: 'users_updated_at_idx',
    table: 'users',
    definition: () => '("workspace_id", "updated_at", "id")',
    extensions: [],
    serves: 'updatedAt: all but ne and isNull; the order UPDATED_AT',
    cost: 'updates of fields without another index take 2.5 times the CPU time of PostgreSQL and 4 times the WAL',
  },
} as const satisfies Record<string, Index>;

export type IndexName = keyof typeof indexes;

export const indexNames = Object.keys(indexes) as IndexName[];

/** The index of a name. */
export const indexOf = (name: IndexName): Index => indexes[name];

/** The indexes that filters can use. */
export interface AvailableIndexes {
  has(name: IndexName): boolean;
  /** Whether trigrams consist of ASCII only, so that no others can be found by them. */
  readonly hasAsciiTrigrams: boolean;
  /** Whether `events` is partitioned by id, so that statements with a range of ids read fewer partitions. False if omitted. */
  readonly hasPartitionedEvents?: boolean;
}

/** The indexes of a database that has been migrated, and nothing else. */
export const standardIndexes: AvailableIndexes = {
  has: (name) => indexOf(name).isStandard ?? false,
  hasAsciiTrigrams: false,
};
