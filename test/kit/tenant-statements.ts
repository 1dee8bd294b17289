import { workspaceParameterOf } from '../../src/db/distribution/routed-statement.ts';

/** The tables whose rows belong to a workspace. `rate_limit_points` has the workspace within its key. */
export const tenantTables: ReadonlySet<string> = new Set([
  'workspaces',
  'api_keys',
  'users',
  'user_words',
  'attribute_values',
  'attribute_declarations',
  'devices',
  'lists',
  'list_memberships',
  'segments',
  'segment_definitions',
  'segment_memberships',
  'segment_suppressions',
  'segment_due',
  'events',
  'user_activity',
  'user_deletions',
  'changes',
  'change_consumers',
  'idempotency_keys',
  'transfer_jobs',
  'transfer_chunks',
  'export_snapshots',
  'export_rows',
]);

/** Statements of the session or its transaction, on the schema, of partitions, and on a table without a workspace. */
const WITHOUT_WORKSPACE = [
  /^\/\* [\w ]+ \*\/\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|DISCARD|ANALYZE|CREATE|ALTER|COMMENT|DROP)\b/,
  /\bset_config\(/,
  /\bFROM pg_\w+\b(?!\()/,
  /^\/\* (un)?lock(Indexes|Partitions) \*\//,
  /\brate_limit_points\b/,
];

/**
 * Whether a statement without a scope, with its label, names the workspace of each table by a parameter, and runs on the node of the
 * workspace if the database is distributed, also if it reads no table.
 */
export function namesWorkspace(text: string): boolean {
  if (WITHOUT_WORKSPACE.some((pattern) => pattern.test(text))) return true;
  return workspaceParameterOf(text) !== undefined && referencesWithoutWorkspace(text).length === 0;
}

/** A token of SQL, or what is between two parentheses. */
type Token = string | Token[];

/** A reference to a tenant's table within one SELECT, INSERT, UPDATE or DELETE. */
interface Reference {
  table: string;
  alias: string;
}

const beforeTable = new Set(['from', 'join', 'update', 'into', 'using', ',', 'lateral', 'only']);
const beforeCondition = new Set(['where', 'and', 'on', '(']);
const clauses = new Set(
  'as select where set join left right inner cross on using order limit group for returning values having union natural'.split(
    ' ',
  ),
);

/**
 * Returns the references to tenants' tables, as `table` or `table AS alias`, that do not name their workspace by a parameter:
 * by a condition `workspace_id = $1` on the table itself, or as the first value of an INSERT. A comparison with a column of
 * another table is not enough, because a router of a distributed database reads parameters only.
 */
export function referencesWithoutWorkspace(text: string): string[] {
  return statementsIn(parse(text)).flatMap(faultsOf);
}

function parse(text: string): Token[] {
  const root: Token[] = [];
  const open = [root];
  const sql = text.replaceAll(/--.*$|\/\*[\s\S]*?\*\//gm, ' ').replaceAll('"', '');
  for (const [token] of sql.matchAll(/'(?:[^']|'')*'|\$\d+|[\w.]*\w|[^\s\w]/g)) {
    const current = open.at(-1) ?? root;
    if (token === '(') {
      const group: Token[] = [];
      current.push(group);
      open.push(group);
    } else if (token === ')') open.pop();
    else current.push(token.startsWith("'") ? token : token.toLowerCase());
  }
  return root;
}

const isStatement = (group: Token[]) =>
  ['select', 'insert', 'update', 'delete', 'with'].some((keyword) => group[0] === keyword);

/** The statements and subqueries, each with the parentheses that are no subquery of its own. */
function statementsIn(group: Token[]): Token[][] {
  const subgroups = group.filter((token) => Array.isArray(token));
  return [...(isStatement(group) ? [group] : []), ...subgroups.flatMap(statementsIn)];
}

/** The tokens of a statement without its subqueries. */
function flatten(group: Token[]): string[] {
  return group.flatMap((token) => {
    if (!Array.isArray(token)) return [token];
    return isStatement(token) ? ['()'] : ['(', ...flatten(token), ')'];
  });
}

function faultsOf(statement: Token[]): string[] {
  const tokens = flatten(statement);
  const union = tokens.indexOf('union');
  if (union >= 0) return [tokens.slice(0, union), tokens.slice(union + 1)].flatMap(faultsOf);
  const references = tokens.flatMap((token, index): (Reference & { index: number })[] => {
    if (!tenantTables.has(token) || !beforeTable.has(tokens[index - 1] ?? '')) return [];
    const next = tokens[index + 1] === 'as' ? tokens[index + 2] : tokens[index + 1];
    const alias = next !== undefined && /^[a-z_]\w*$/.test(next) && !clauses.has(next) ? next : token;
    return [{ table: token, alias, index }];
  });
  const isNamed = ({ alias, index }: Reference & { index: number }) => {
    if (tokens[index - 1] === 'into') return insertsWorkspace(tokens.slice(index + 1));
    const columns = [`${alias}.workspace_id`, ...(references.length === 1 ? ['workspace_id'] : [])];
    return tokens.some(
      (token, place) =>
        columns.includes(token) &&
        beforeCondition.has(tokens[place - 1] ?? '') &&
        tokens[place + 1] === '=' &&
        isParameter(tokens[place + 2]),
    );
  };
  return references
    .filter((reference) => !isNamed(reference))
    .map(({ table, alias }) => (alias === table ? table : `${table} AS ${alias}`));
}

/** Whether an INSERT begins its columns with `workspace_id`, and its values with a parameter. */
function insertsWorkspace(tokens: string[]): boolean {
  const columns = tokens.indexOf('(');
  const values = tokens.findIndex((token) => token === 'select' || token === 'values');
  const first = tokens.slice(values + 1).find((token) => token !== '(');
  return tokens[columns + 1] === 'workspace_id' && isParameter(first);
}

const isParameter = (token: string | undefined) => token !== undefined && /^\$\d+$/.test(token);
