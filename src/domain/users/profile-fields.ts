import { Prisma } from '../../db/generated/client.ts';
import type { NewUser, UserUpdate } from './inputs.ts';

/** Fields of `NewUser` and `UserUpdate` that are not profile fields, with a note on where each is written. */
type OtherField =
  // The key of the row (write-updates.ts, insert-users.ts).
  | 'uid'
  | 'newUid'
  // Rows of other tables.
  | 'device'
  | 'listIds'
  | 'idempotencyKey'
  // Part of the assignments to `meta` and `public_meta`.
  | 'removeMeta';

/**
 * The fields of a user's profile. A field that is added to the zod schemas (inputs.ts) becomes one of them, and the compiler
 * requires its declaration in `profileFields`.
 */
export type ProfileField = Exclude<keyof NewUser | keyof UserUpdate, OtherField>;

/** How a profile field is stored. */
interface FieldDeclaration {
  /** The column of `users`. */
  column: string;
  type: 'text' | 'boolean' | 'timestamptz' | 'jsonb';
  /**
   * What null in an update does: `clear` stores null (or `cleared`), `keep` leaves the value unchanged, and `merge` clears attributes, of
   * which an update otherwise changes single keys.
   */
  onNull: 'clear' | 'keep' | 'merge';
  /** The SQL of the value of a cleared field; default: null. */
  cleared?: string;
  /** Whether a search reads it: a trigger compares its values after each UPDATE that names the column. */
  isSearched?: true;
}

/** The declarations of some profile fields. */
export type FieldDeclarations<Field extends string = ProfileField> = { readonly [Name in Field]: FieldDeclaration };

/**
 * The columns of a user's profile. The columns of the INSERT, the assignments of the UPDATE, and the patch that both read are
 * derived from this list.
 */
export const profileFields = {
  firstName: { column: 'first_name', type: 'text', onNull: 'clear', isSearched: true },
  lastName: { column: 'last_name', type: 'text', onNull: 'clear', isSearched: true },
  number: { column: 'number', type: 'text', onNull: 'clear', isSearched: true },
  email: { column: 'email', type: 'text', onNull: 'clear', isSearched: true },
  isAccount: { column: 'is_account', type: 'boolean', onNull: 'clear', cleared: 'false' },
  timeZone: { column: 'time_zone', type: 'text', onNull: 'clear' },
  appVersion: { column: 'app_version', type: 'text', onNull: 'clear' },
  appBuild: { column: 'app_build', type: 'text', onNull: 'clear' },
  appLastActiveAt: { column: 'app_last_active_at', type: 'timestamptz', onNull: 'clear' },
  createdAt: { column: 'created_at', type: 'timestamptz', onNull: 'keep' },
  meta: { column: 'meta', type: 'jsonb', onNull: 'merge' },
} as const satisfies FieldDeclarations;

const declarations: [string, FieldDeclaration][] = Object.entries(profileFields);

/** The values of profile fields as a statement reads them from JSON. An omitted field is absent. */
export type Patch = { [Name in ProfileField | 'newUid' | 'removeMeta']?: unknown };

/** Creates the patch of an input. Null counts as omitted for fields that it does not clear. */
export function toPatch(input: Omit<NewUser, 'listIds' | 'idempotencyKey'> | UserUpdate): Patch {
  const values: { readonly [Name in ProfileField]?: unknown } = input;
  const patch: Record<string, unknown> = {};
  for (const name of Object.keys(profileFields) as ProfileField[]) {
    const value = values[name];
    if (value !== undefined && !(value === null && profileFields[name].onNull === 'keep')) patch[name] = value;
  }
  if ('newUid' in input && input.newUid != null) patch.newUid = input.newUid;
  if ('removeMeta' in input && input.removeMeta != null) patch.removeMeta = input.removeMeta;
  return patch;
}

/** The value of a field in the patch of the row `input`, as its column's type; if it is null or absent, that of a cleared field. */
function patchValue(name: string, { type, cleared }: FieldDeclaration): Prisma.Sql {
  if (type === 'jsonb') return Prisma.raw(`nullif(input.patch->'${name}', 'null')`);
  const value = type === 'text' ? `input.patch->>'${name}'` : `(input.patch->>'${name}')::${type}`;
  return Prisma.raw(cleared === undefined ? value : `coalesce(${value}, ${cleared})`);
}

/** The columns of an INSERT. */
export const insertedColumns = Prisma.raw(declarations.map(([, { column }]) => column).join(', '));

/** The values for `insertedColumns` of a user whose patch is `input.patch`. @param now when they signed up, by default. */
export function insertedValues(now: Date): Prisma.Sql {
  return Prisma.join(
    declarations.map(([name, declaration]) => {
      const value = patchValue(name, declaration);
      if (declaration.onNull === 'merge') return Prisma.sql`coalesce(${value}, '{}')`;
      return declaration.onNull === 'keep' ? Prisma.sql`coalesce(${value}, ${now}::timestamptz)` : value;
    }),
  );
}

/**
 * Merges attributes key by key in the statement itself, so that no concurrent patch is lost.
 * @param stored the column. @param sent attributes to add or replace.
 */
const merged = (stored: Prisma.Sql, sent: Prisma.Sql) => Prisma.sql`
  CASE WHEN input.patch->'meta' = 'null' THEN '{}' ELSE
    (${stored} || ${sent})
      - ARRAY(SELECT jsonb_array_elements_text(coalesce(input.patch->'removeMeta', '[]')))
  END`;

const sentMeta = Prisma.sql`coalesce(input.patch->'meta', '{}')`;

/** `meta` after an update. */
export const mergedMeta = merged(Prisma.sql`users.meta`, sentMeta);

/** `public_meta` after an update: the part of `meta` that callers without `users:read` have sent. */
export const mergedPublicMeta = merged(
  Prisma.sql`users.public_meta`,
  Prisma.sql`CASE WHEN input."canRead" THEN '{}' ELSE ${sentMeta} END`,
);

function assignment(name: string, declaration: FieldDeclaration): Prisma.Sql {
  const column = Prisma.raw(declaration.column);
  const value = patchValue(name, declaration);
  if (declaration.onNull === 'keep') return Prisma.sql`${column} = coalesce(${value}, users.${column})`;
  if (declaration.onNull === 'clear') {
    return Prisma.sql`${column} = CASE WHEN input.patch ? ${Prisma.raw(`'${name}'`)} THEN ${value} ELSE users.${column} END`;
  }
  return Prisma.sql`${column} = CASE WHEN input.patch ?| '{meta,removeMeta}' THEN ${mergedMeta} ELSE users.meta END`;
}

/**
 * The fields by what triggers compare after an UPDATE that names their columns, which takes 10 µs: searched fields, attributes, and the
 * others. Groups, because each set of columns is a statement that is prepared.
 */
const fieldGroups = Object.values(
  Object.groupBy(declarations, ([, { isSearched, onNull }]) =>
    isSearched ? 'searched' : onNull === 'merge' ? 'attributes' : 'others',
  ),
).map((group) => ({
  names: group.flatMap(([name, { onNull }]) => (onNull === 'merge' ? [name, 'removeMeta'] : [name])),
  assignments: group.map(([name, declaration]) => assignment(name, declaration)),
}));

/**
 * The assignments of an UPDATE of `users` from rows `input` with these patches: a column keeps its value if a patch omits its field.
 */
export const assignmentsOf = (patches: readonly Patch[]): Prisma.Sql[] =>
  fieldGroups
    .filter(({ names }) => names.some((name) => patches.some((patch) => name in patch)))
    .flatMap(({ assignments }) => assignments);

/** Separate from `assignmentsOf`, since most updates of callers who may read users do not need it. */
export const publicMetaAssignment = Prisma.sql`
  public_meta = CASE WHEN input.patch ?| '{meta,removeMeta}' THEN ${mergedPublicMeta} ELSE users.public_meta END`;

/** Separate from `assignmentsOf`, since inserted events wait for an update that names a column of the key. */
export const uidAssignments = Prisma.sql`
  uid = coalesce(input.patch->>'newUid', users.uid),
  uid_updateable = users.uid_updateable AND NOT input.patch ? 'newUid'`;
