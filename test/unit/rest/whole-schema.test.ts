import { expect, it, vi } from 'vitest';
import type { z } from 'zod';
import { defaultLimits } from '../../../src/config/limits.ts';
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
vi.mock(import('../../../src/domain/segments/inputs.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    newSegment: (where) => withRule(original.newSegment(where)),
    segmentUpdate: (where) => withRule(original.segmentUpdate(where)),
  };
});

const { operations } = await import('../../../src/rest/operations/index.ts');

/** Validation fails before anything else is used. */
const context = { limits: defaultLimits } as unknown as RestContext;
const params = { uid: 'u144', id: '0190a000-0000-7000-8000-000000000000' };

const crossField = { path: ['created_at'], code: 'ACROSS_FIELDS', message: 'contradicts another field' };
// An export has no schema in the domain.
const writing = operations.filter(
  ({ request, isWrite, operationId }) => request.body && isWrite !== false && operationId !== 'createExport',
);

it.each(writing.filter(({ itemsOf }) => itemsOf))(
  '$operationId applies rules across fields of the domain to each input',
  async ({ run, itemsOf, requestExamples }) => {
    for (const { value } of Object.values(requestExamples)) {
      const request = { params: {}, query: {}, headers: {}, body: value };
      const { body } = await run(context, request);
      const results = Array.from({ length: itemsOf?.(request) ?? 0 }, () => ({ issues: [crossField] }));
      expect(body).toMatchObject({ written: 0, results });
    }
  },
);

it.each(writing.filter(({ itemsOf }) => !itemsOf))(
  '$operationId applies rules across fields of the domain',
  async ({ run, requestExamples }) => {
    for (const { value } of Object.values(requestExamples)) {
      const request = { params, query: {}, headers: {}, body: value };
      await expect(run(context, request)).rejects.toMatchObject({
        issues: [crossField],
      });
    }
  },
);
