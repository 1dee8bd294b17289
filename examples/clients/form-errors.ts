// Maps a mutation error to the fields of a form.
import type { MutationResult } from './documents.ts';

export interface FormErrors {
  /** Messages by the path of the input field, such as `number` or `device.token`. */
  fields: Record<string, string>;
  /** The message of an error that does not belong to a field. */
  form?: string;
}

/** Returns the errors of a mutation; undefined if it succeeded. */
export function formErrors(result: MutationResult): FormErrors | undefined {
  if (!('code' in result)) return undefined;
  if (result.__typename !== 'ValidationError') return { fields: {}, form: result.message };
  const fields: FormErrors['fields'] = {};
  for (const { path, message } of result.issues) {
    const field = path.join('.');
    fields[field] = field in fields ? `${fields[field]} ${message}` : message;
  }
  return { fields };
}
