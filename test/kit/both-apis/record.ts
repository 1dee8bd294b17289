import { isJsonObject } from '../../../src/domain/shared/attributes.ts';

/** The fields of an object; none if the value is not an object. */
export const record = (value: unknown): Record<string, unknown> => (isJsonObject(value) ? value : {});
