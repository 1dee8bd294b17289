// What a form shows if a mutation returns an error.
import type { MutationResult } from './documents.ts';

export interface FormErrors {
  /** Messages by the path of the input field, such as `number` or `device.token`. */
  fields: Record<string, string>;
  /** The message of an error that concerns no single field. */
  form?: string;
}

/** Returns the errors of a mutation; undefined if it succeeded. */
export function formErrors(result: MutationResult): FormErrors | undefined {
  if (!('code' in result)) return undefined;
  if (result.__typename !== 'ValidationError') return { fields: {}, form: result.message };
  return { fields: Object.fromEntries(result.issues.map(({ path, message }) => [path.join('.'), message])) };
}
