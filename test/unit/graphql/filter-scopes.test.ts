import { isEnumType, isInputObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { conditionScopes } from '../../../src/domain/users/filter/input.ts';
import { orderScopes } from '../../../src/domain/users/order.ts';
import { servedSchema } from '../../../src/federation/subgraph.ts';

it('the fields of UserFilter require the same scopes in both APIs', () => {
  const type = servedSchema.getType('UserFilter');
  const fields = isInputObjectType(type) ? Object.values(type.getFields()) : [];
  const scopes = fields.flatMap(({ name, extensions }) =>
    extensions.requiresScopes ? [[name, extensions.requiresScopes]] : [],
  );
  const advice = 'Add the scope of a field to conditionScopes in src/domain/users/filter/input.ts.';
  expect(Object.fromEntries(scopes), advice).toEqual(
    Object.fromEntries(Object.entries(conditionScopes).map(([name, scope]) => [name, [scope]])),
  );
});

it('the values of UserOrderField require the same scopes in both APIs', () => {
  const type = servedSchema.getType('UserOrderField');
  const values = isEnumType(type) ? type.getValues() : [];
  const scopes = values.flatMap(({ name, extensions }) =>
    extensions.requiresScopes ? [[name, extensions.requiresScopes]] : [],
  );
  const advice = 'Add the scope of a value to orderScopes in src/domain/users/order.ts.';
  expect(Object.fromEntries(scopes), advice).toEqual(
    Object.fromEntries(Object.entries(orderScopes).map(([name, scope]) => [name, [scope]])),
  );
});
