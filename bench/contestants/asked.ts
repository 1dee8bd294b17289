import { z } from 'zod';
import type { Inputs, QuestionName } from '../questions.ts';
import type { Approach, Setting } from './contestant.ts';
import type { Running } from './running.ts';

/** A contestant's way with a question, with the question's inputs put into it. */
export interface Asked {
  running: Running;
  /** Bodies of requests, one for each input. */
  bodies: string[];
  headers: Record<string, string>;
  /** Sends a body once and reads the answer. @throws where the answer is no good one. */
  ask(body: string): Promise<unknown>;
  /** Whether a response's body is a good answer, as far as a glance tells. */
  isGood(text: string): boolean;
}

/** The contestant's way with a question; nothing where it has none. */
export function prepare<Name extends QuestionName>(
  running: Running,
  setting: Setting,
  name: Name,
  inputs: readonly Inputs[Name][],
): Asked | undefined {
  const approach: Approach<Inputs[Name]> | undefined = running.contestant.approaches(setting)[name];
  if (!approach) return undefined;
  const { document, variables, normalise, proof } = approach;
  const operationName = /^\w+ (\w+)/.exec(document)?.[1];
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...running.contestant.headers,
  };
  const isGood = (text: string) => text.includes(proof) && !text.includes('"errors":');
  return {
    running,
    headers,
    isGood,
    bodies: inputs.map((input) => JSON.stringify({ operationName, query: document, variables: variables(input) })),
    ask: async (body) => {
      const response = await fetch(running.url, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(10_000),
      });
      const text = await response.text();
      if (!response.ok || !isGood(text)) {
        throw new Error(`${running.contestant.name} answers ${name} with ${response.status}: ${text.slice(0, 2000)}`);
      }
      const answer = z.object({ data: normalise }).safeParse(JSON.parse(text));
      if (!answer.success) {
        throw new Error(
          `${running.contestant.name}'s answer to ${name}: ${z.prettifyError(answer.error)}\n${text.slice(0, 500)}`,
        );
      }
      return answer.data.data;
    },
  };
}
