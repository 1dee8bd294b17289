import type { z } from 'zod';
import type { Inputs, QuestionName } from '../questions.ts';

/** How a contestant is asked one question. */
export interface Approach<Input> {
  /** The operation, whose name is the question's for all contestants. */
  document: string;
  variables(input: Input): Record<string, unknown>;
  /** Reads the answer's `data` into what all contestants' answers have to be equal in. */
  normalise: z.ZodType;
  /** A text that every good answer holds, and none that went wrong. */
  proof: string;
}

/** What a contestant has no approach for, it is not asked. */
export type Approaches = { [Name in QuestionName]?: Approach<Inputs[Name]> };

/** What a contestant is told of the run. */
export interface Setting {
  databaseUrl: string;
  workspaceId: string;
  /** Connections to the database, for each contestant. */
  poolSize: number;
}

/** A server that is measured. */
export interface Contestant {
  name: string;
  title: string;
  /** The program, from the repository's root on; it listens on 127.0.0.1 and the `PORT` of its environment. */
  script: string;
  environment(setting: Setting): Record<string, string>;
  path: string;
  headers?: Record<string, string>;
  approaches(setting: Setting): Approaches;
}
