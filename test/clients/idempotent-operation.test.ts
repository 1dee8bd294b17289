import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { isIdempotentOperation } from '../../examples/clients/idempotent-operation.ts';

it.each([
  [true, '{ users { nodes { id } } }'],
  [true, 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { __typename } }'],
  [false, 'mutation ($input: CreateUserInput!) { createUser(input: $input) { __typename } }'],
  [true, 'mutation ($keyed: CreateUserInput!) { createUser(input: $keyed) { __typename } }'],
  [true, 'mutation { addEvent(input: { uid: "u1", name: "Paid", idempotencyKey: "key" }) { __typename } }'],
  [false, 'mutation { addEvent(input: { uid: "u1", name: "Paid" }) { __typename } }'],
  [false, 'mutation { createList(input: { title: "New" }) { __typename } }'],
  [
    true,
    'mutation { a: deleteUser(input: { uid: "u1" }) { __typename } b: deleteUser(input: { uid: "u2" }) { __typename } }',
  ],
  [
    false,
    'mutation { deleteUser(input: { uid: "u1" }) { __typename } createList(input: { title: "A" }) { __typename } }',
  ],
  [false, 'mutation { ...New } fragment New on Mutation { createList(input: { title: "New" }) { __typename } }'],
])('returns %s for %s', (expected, document) => {
  const variables = { input: { uid: 'u1' }, keyed: { uid: 'u1', idempotencyKey: 'key' } };
  expect(isIdempotentOperation(parse(document), variables)).toBe(expected);
});
