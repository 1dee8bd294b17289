import { isJsonObject } from '../../../src/domain/shared/attributes.ts';

/** The fields of an answer or an input; none where it is no object. */
export const record = (value: unknown): Record<string, unknown> => (isJsonObject(value) ? value : {});
