import { expect, it, vi } from 'vitest';
import type { z } from 'zod';
import type { RestContext } from '../../../src/rest/operation.ts';

/** Adds a rule across fields that rejects every input. */
const withRule = <Schema extends z.ZodObject>(schema: Schema) =>
  schema.superRefine((_input, context) => {
    const params = { code: 'ACROSS_FIELDS' };
    context.addIssue({ code: 'custom', path: ['createdAt'], params, message: 'contradicts another field' });
  });

vi.mock(import('../../../src/domain/users/inputs.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return { ...original, newUser: withRule(original.newUser), userUpdate: withRule(original.userUpdate) };
});
vi.mock(import('../../../src/domain/events/inputs.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return { ...original, newEvent: withRule(original.newEvent) };
});

const { operations } = await import('../../../src/rest/operations/index.ts');

/** Not used: validation fails first. */
const context = {} as RestContext;

it.each(operations.filter(({ request, isWrite }) => request.body && isWrite !== false))(
  '$operationId applies rules across fields of the domain',
  async ({ run, requestExamples }) => {
    for (const { value } of Object.values(requestExamples)) {
      const request = { params: { uid: 'u144' }, query: {}, headers: {}, body: value };
      await expect(run(context, request)).rejects.toMatchObject({
        issues: [{ path: ['created_at'], code: 'ACROSS_FIELDS', message: 'contradicts another field' }],
      });
    }
  },
);
