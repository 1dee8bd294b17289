import { z } from 'zod';
import { type UserFilter, userFilter } from '../users/filter/input.ts';

const storedFilter = userFilter({ list: z.uuid(), segment: z.uuid() });

/** Parses the filter of a definition as the database has it: the ids of lists and segments are UUIDs. */
export const parseStoredFilter = (filter: unknown): UserFilter => storedFilter.parse(filter);
