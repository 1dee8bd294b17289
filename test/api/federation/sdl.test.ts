import { readFileSync } from 'node:fs';
import { type DirectiveNode, parse, print, type ValueNode, valueFromASTUntyped, visit } from 'graphql';
import { expect, it } from 'vitest';
import { keysOf } from '../../../src/federation/entities.ts';
import { nodeTypes } from '../../../src/graphql/schema/global-id.ts';
import { startApp } from '../../kit/app.ts';
import { printedSubgraph } from '../../kit/printed-schema.ts';

const committed = readFileSync('subgraph.graphql', 'utf8');
const document = parse(committed);

/** The arguments of every directive of a name, by what carries it: a type, or `Type.field`. */
function uses(directive: string): Record<string, object[]> {
  const found: Record<string, object[]> = {};
  const names: string[] = [];
  const add = ({ name, arguments: args = [] }: DirectiveNode) => {
    if (name.value !== directive) return;
    const given = Object.fromEntries(args.map((arg) => [arg.name.value, literalOf(arg.value)]));
    const carrier = names.join('.');
    found[carrier] = [...(found[carrier] ?? []), given];
  };
  visit(document, {
    ObjectTypeDefinition: { enter: ({ name }) => void names.push(name.value), leave: () => void names.pop() },
    SchemaDefinition: { enter: () => void names.push('schema'), leave: () => void names.pop() },
    FieldDefinition: { enter: ({ name }) => void names.push(name.value), leave: () => void names.pop() },
    Directive: add,
  });
  return found;
}

const literalOf = (node: ValueNode): unknown => valueFromASTUntyped(node);

it('is committed as it is (npm run schema:subgraph)', () => {
  expect(printedSubgraph()).toBe(committed);
});

it('is what _service tells', async () => {
  await using app = await startApp();
  expect((await app.send('{ _service { sdl } }')).data).toEqual({ _service: { sdl: committed } });
});

it('keeps every key', () => {
  expect(uses('key')).toEqual({
    User: [{ fields: 'id' }, { fields: 'uid' }],
    List: [{ fields: 'id' }],
    Segment: [{ fields: 'id' }],
    Event: [{ fields: 'id' }],
  });
  expect(Object.keys(keysOf)).toEqual([...nodeTypes]);
});

it('links to the federation specification, with each directive that it uses', () => {
  expect(uses('link').schema).toEqual([
    {
      url: 'https://specs.apollo.dev/federation/v2.5',
      import: ['@key', '@shareable', '@requiresScopes'],
    },
  ]);
});

it('lets others define PageInfo and the general errors, too', () => {
  expect(Object.keys(uses('shareable')).sort()).toEqual([
    'ForbiddenError',
    'NotFoundError',
    'PageInfo',
    'ValidationError',
    'ValidationIssue',
  ]);
});

it('prints the scopes that schema.graphql has', () => {
  const scopesIn = (text: string) => text.match(/^.*@requiresScopes\(scopes.*$/gm)?.map((line) => line.trim());
  expect(uses('requiresScopes')).toMatchObject({ 'User.email': [{ scopes: [['users:read']] }] });
  expect(scopesIn(committed)).toEqual(scopesIn(readFileSync('schema.graphql', 'utf8')));
});

it('leaves out what collides with other subgraphs, or what federation defines', () => {
  const [query] = document.definitions.filter((it) => it.kind === 'ObjectTypeDefinition' && it.name.value === 'Query');
  expect(print(query ?? document)).not.toMatch(/^ {2}(node|nodes|_entities|_service)\b/m);
  expect(committed).not.toMatch(/^(directive|scalar (Scope|_Any)|union _Entity|type _Service)\b/m);
});

it('leaves node and nodes where they were for those who ask usergraph itself', async () => {
  await using app = await startApp();
  expect(await app.send('{ nodes(ids: []) { id } }')).toMatchObject({ status: 200, data: { nodes: [] } });
});
