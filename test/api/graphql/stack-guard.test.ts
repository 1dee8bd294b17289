import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

const cyclicFragments = Array.from({ length: 100 }, (_, place) => {
  const next = place + 1 < 100 ? `...f${place + 1} `.repeat(4) : '...f0 ...f1';
  return `fragment f${place} on Query { ${next} }`;
});

it.each([
  ['nested lists', `{ nodes(ids: ${'['.repeat(1_900)}`],
  ['cyclic fragments', `{ ...f0 } ${cyclicFragments.join(' ')}`],
])('rejects %s that overflow the stack with a client error', async (_name, query) => {
  await using app = await startApp();
  const { errors } = await app.send(query);
  expect(errors?.map(({ extensions }) => extensions.code)).not.toContain('INTERNAL_SERVER_ERROR');
  expect(errors?.length).toBeGreaterThan(0);
});
