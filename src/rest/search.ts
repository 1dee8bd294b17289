import { z } from 'zod';
import { userFilter } from '../domain/users/filter/input.ts';
import { userOrder } from '../domain/users/query.ts';
import { toRestSchema } from './derived-schema.ts';
import { cursor, limit, lowerCaseUuid } from './schemas.ts';

const filterSchema = toRestSchema(userFilter({ list: lowerCaseUuid, segment: lowerCaseUuid }));

/** The body of `POST /users/search`. */
export const searchBody = z.object({
  where: filterSchema.nullish().meta({
    description: 'Returns only users that match this filter. All users by default.',
  }),
  order_by: toRestSchema(userOrder).nullish().meta({ description: 'The order of the users; newest first by default.' }),
  limit,
  next_cursor: cursor(
    'The cursor of the next page, of a search with the same filter and order. It cannot be combined with `previous_cursor`.',
  ),
  previous_cursor: cursor('The cursor of the previous page, of a search with the same filter and order.'),
});
