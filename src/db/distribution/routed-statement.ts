/// <reference path="../pg-utils.d.ts" />
import { types as driverTypes, escapeLiteral, type FieldDef, type QueryResult } from 'pg';
import { prepareValue } from 'pg/lib/utils.js';
import { RUN_IN_WORKSPACE } from './functions.ts';
import type { Statement } from './session.ts';

const CONDITION = /\bworkspace_id"?\s*=\s*\(?\$(\d+)/;
const INSERT = /\bINSERT INTO\s+[\w".]+\s*(?:AS \w+\s*)?\(([^()]*)\)\s*(?:VALUES\s*\(|SELECT\s+)/i;

/** Returns the place among the parameters, from 0, of the workspace that a statement names; undefined if it names none. */
export function workspaceParameterOf(text: string): number | undefined {
  const condition = CONDITION.exec(text);
  if (condition) return Number(condition[1]) - 1;
  const insert = INSERT.exec(text);
  if (!insert) return undefined;
  const [matched, columns = ''] = insert;
  const place = columns.split(',').findIndex((column) => column.trim().replaceAll('"', '') === 'workspace_id');
  const value = place < 0 ? undefined : text.slice(insert.index + matched.length).split(',')[place];
  const parameter = /^\s*\$(\d+)/.exec(value ?? '');
  return parameter ? Number(parameter[1]) - 1 : undefined;
}

/** Returns the text with which the shard's node runs a statement: its parameters are the elements of one array of texts. */
export function shardTextOf(text: string, parameterTypes: readonly string[]): string {
  return text
    .replaceAll('"public".', '')
    .replaceAll(/\$(\d+)/g, (_match, number: string) => `($1[${number}])::${parameterTypes[Number(number) - 1]}`);
}

/**
 * Returns the text with which the shard's node runs a statement with many parameters, as literals: PostgreSQL takes time in proportion
 * to the place of an element of an array of texts.
 */
export function literalTextOf(shardText: string, parameters: readonly (string | null)[]): string {
  return shardText.replaceAll(/\(\$1\[(\d+)\]\)/g, (_match, number: string) => {
    const value = parameters[Number(number) - 1];
    return value == null ? 'NULL' : escapeLiteral(value);
  });
}

/** The label of a statement, for `pg_stat_activity`, and the call that runs it. */
export function callOf(text: string): string {
  const label = /^\s*(\/\* [\w ]+ \*\/)/.exec(text)?.[1] ?? '';
  return `${label} SELECT * FROM public.${RUN_IN_WORKSPACE}($1, $2, $3, $4, $5, $6)`;
}

/** Returns the text of a parameter, as PostgreSQL reads it. */
export function toText(value: unknown): string | null {
  const prepared = prepareValue(value);
  return Buffer.isBuffer(prepared) ? `\\x${prepared.toString('hex')}` : prepared;
}

/**
 * Returns the result of a statement as the driver would.
 * @param fields the columns of its rows; undefined if it returns none.
 * @param records the texts of its rows, or that of the number of rows that it has changed.
 */
export function toResult(
  { types = driverTypes, rowMode }: Statement,
  fields: readonly FieldDef[] | undefined,
  records: readonly string[],
): QueryResult {
  const result = { command: '', oid: 0, fields: [...(fields ?? [])] };
  if (!fields) return { ...result, rowCount: Number(records[0] ?? 0), rows: [] };
  const parsers = fields.map(({ dataTypeID }) => types.getTypeParser(dataTypeID, 'text') as (text: string) => unknown);
  const parsed = records.map((record) =>
    parseRecord(record, fields.length).map((text, column) => (text === null ? null : parsers[column]?.(text))),
  );
  const rows =
    rowMode === 'array'
      ? parsed
      : parsed.map((values) => Object.fromEntries(fields.map(({ name }, column) => [name, values[column]])));
  return { ...result, rowCount: rows.length, rows };
}

/** Parses the text of a record: null for each column that is. */
export function parseRecord(text: string, columns: number): (string | null)[] {
  const content = text.slice(1, -1);
  if (columns === 0) return [];
  if (!content.includes('"')) return content.split(',').map((value) => (value === '' ? null : value));
  const values: (string | null)[] = [];
  for (let at = 0; at <= content.length; ) {
    const { value, end } = content[at] === '"' ? quotedAt(content, at) : plainAt(content, at);
    values.push(value);
    at = end + 1;
  }
  return values;
}

function plainAt(content: string, start: number): { value: string | null; end: number } {
  const comma = content.indexOf(',', start);
  const end = comma < 0 ? content.length : comma;
  return { value: end === start ? null : content.slice(start, end), end };
}

/** PostgreSQL doubles quotes and backslashes within quotes. */
function quotedAt(content: string, start: number): { value: string; end: number } {
  let end = content.indexOf('"', start + 1);
  while (content[end + 1] === '"') end = content.indexOf('"', end + 2);
  return { value: content.slice(start + 1, end).replaceAll(/""|\\\\/g, (pair) => pair.charAt(0)), end: end + 1 };
}
