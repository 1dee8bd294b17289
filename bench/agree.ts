import { isDeepStrictEqual } from 'node:util';
import type { Client } from 'pg';
import type { Asked } from './contestants/asked.ts';
import { restore } from './database/restore.ts';
import type { Inputs, QuestionName } from './questions.ts';
import { type Written, written } from './written.ts';

/** How many inputs of a question are tried. */
const TRIED = 5;

/** A question with everybody's way with it. */
export interface Asking<Name extends QuestionName = QuestionName> {
  name: Name;
  asked: readonly Asked[];
  inputs: readonly Inputs[Name][];
}

/**
 * Checks that all answer a question alike, and that what it writes is in the database.
 * @throws with the difference, where they do not.
 */
export async function agree<Name extends QuestionName>(
  asking: Asking<Name>,
  client: Client,
  workspaceId: string,
): Promise<void> {
  const found: Written<Inputs[Name]> | undefined = written[asking.name];
  if (found) await agreeOnWrite(asking, client, workspaceId, found);
  else await agreeOnRead(asking);
}

async function agreeOnRead({ name, asked }: Asking): Promise<void> {
  const bodies = asked[0]?.bodies.length ?? 0;
  for (let place = 0; place < Math.min(TRIED, bodies); place += 1) {
    const answers = await Promise.all(asked.map((way) => answerTo(way, place)));
    for (const [index, answer] of answers.entries()) {
      same(answer, answers[0], `${nameOf(asked[index])} (+) and ${nameOf(asked[0])} (-) answer ${name} differently`);
    }
  }
}

/** Each begins with the rows of the fill. */
async function agreeOnWrite<Name extends QuestionName>(
  { name, asked, inputs: [input] }: Asking<Name>,
  client: Client,
  workspaceId: string,
  { sql, values, row }: Written<Inputs[Name]>,
): Promise<void> {
  if (input === undefined) return;
  const answers: unknown[] = [];
  for (const way of asked) {
    await restore(client, workspaceId);
    answers.push(await answerTo(way, 0));
    const { rows }: { rows: unknown[] } = await client.query(sql, [workspaceId, ...values(input)]);
    same(rows, [row(input)], `${nameOf(way)} (+) has written other rows than ${name} should have (-)`);
    same(answers.at(-1), answers[0], `${nameOf(way)} (+) and ${nameOf(asked[0])} (-) answer ${name} differently`);
  }
  await restore(client, workspaceId);
}

function answerTo(way: Asked, place: number): Promise<unknown> {
  return way.ask(way.bodies[place] ?? '');
}

function nameOf(way: Asked | undefined): string {
  return way?.running.contestant.name ?? '';
}

function same(actual: unknown, expected: unknown, complaint: string): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(`${complaint}:\n${difference(actual, expected)}`);
}

/** The lines in which two values differ, as far as a person would read. */
function difference(actual: unknown, expected: unknown): string {
  const [ours, theirs] = [actual, expected].map((value) => JSON.stringify(value, undefined, 2)?.split('\n') ?? []);
  const lines: string[] = [];
  for (let place = 0; place < Math.max(ours?.length ?? 0, theirs?.length ?? 0); place += 1) {
    if (ours?.[place] !== theirs?.[place]) lines.push(`- ${theirs?.[place] ?? ''}`, `+ ${ours?.[place] ?? ''}`);
  }
  return lines.slice(0, 40).join('\n');
}
