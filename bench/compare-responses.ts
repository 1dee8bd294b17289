import { isDeepStrictEqual } from 'node:util';
import type { Client } from 'pg';
import type { RequestSet } from './contestants/request-set.ts';
import { restore } from './database/restore.ts';
import { type ExpectedRow, expectedRows } from './expected-rows.ts';
import type { Inputs, OperationName } from './operations.ts';

/** Inputs of an operation whose responses are compared. */
const COMPARED_INPUTS = 5;

const MAX_DIFFERENCE_LINES = 40;

/** An operation with its inputs, and the requests that send them to each server. */
export interface Workload<Name extends OperationName = OperationName> {
  operation: Name;
  inputs: readonly Inputs[Name][];
  requestSets: readonly RequestSet[];
}

/**
 * Checks that all servers return the same data for an operation, and that a write stores the expected row.
 * @throws {Error} with the differing lines.
 */
export async function compareResponses<Name extends OperationName>(
  workload: Workload<Name>,
  client: Client,
  workspaceId: string,
): Promise<void> {
  const expectedRow: ExpectedRow<Inputs[Name]> | undefined = expectedRows[workload.operation];
  if (expectedRow) await compareWrites(workload, client, workspaceId, expectedRow);
  else await compareReads(workload);
}

async function compareReads({ operation, requestSets }: Workload): Promise<void> {
  const inputs = requestSets[0]?.requests.length ?? 0;
  for (let index = 0; index < Math.min(COMPARED_INPUTS, inputs); index += 1) {
    const responses = await Promise.all(requestSets.map((requestSet) => sendAt(requestSet, index)));
    for (const [server, response] of responses.entries()) {
      assertEqual(response, responses[0], differingResponses(operation, requestSets[server], requestSets[0]));
    }
  }
}

/** Restores the rows before each server's write, so that every server starts from the same data. */
async function compareWrites<Name extends OperationName>(
  { operation, requestSets, inputs: [input] }: Workload<Name>,
  client: Client,
  workspaceId: string,
  { sql, values, row }: ExpectedRow<Inputs[Name]>,
): Promise<void> {
  if (input === undefined) return;
  const responses: unknown[] = [];
  for (const requestSet of requestSets) {
    await restore(client, workspaceId);
    responses.push(await sendAt(requestSet, 0));
    const { rows }: { rows: unknown[] } = await client.query(sql, [workspaceId, ...values(input)]);
    assertEqual(
      rows,
      [row(input)],
      `${operation}: rows written by ${nameOf(requestSet)} (+) and expected rows (-) differ`,
    );
    assertEqual(responses.at(-1), responses[0], differingResponses(operation, requestSet, requestSets[0]));
  }
  await restore(client, workspaceId);
}

async function sendAt({ requests, send }: RequestSet, index: number): Promise<unknown> {
  const request = requests[index];
  return request && send(request);
}

function differingResponses(operation: OperationName, actual?: RequestSet, expected?: RequestSet): string {
  return `${operation}: responses of ${nameOf(actual)} (+) and ${nameOf(expected)} (-) differ`;
}

function nameOf(requestSet: RequestSet | undefined): string {
  return requestSet?.server.contestant.name ?? '';
}

function assertEqual(actual: unknown, expected: unknown, message: string): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(`${message}:\n${difference(actual, expected)}`);
}

/** The first lines in which two values differ as formatted JSON. */
function difference(actual: unknown, expected: unknown): string {
  const [actualLines = [], expectedLines = []] = [actual, expected].map((value) =>
    JSON.stringify(value, undefined, 2)?.split('\n'),
  );
  const lines: string[] = [];
  for (let index = 0; index < Math.max(actualLines.length, expectedLines.length); index += 1) {
    if (actualLines[index] === expectedLines[index]) continue;
    lines.push(`- ${expectedLines[index] ?? ''}`, `+ ${actualLines[index] ?? ''}`);
  }
  return lines.slice(0, MAX_DIFFERENCE_LINES).join('\n');
}
