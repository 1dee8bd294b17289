import { z } from 'zod';

/** The answer of an operation that has nothing to tell. */
export const okObject = z.object({ status: z.literal('ok') }).meta({ id: 'Ok', description: 'It is done.' });
