import { readFileSync } from 'node:fs';
import {
  type DirectiveNode,
  isTypeDefinitionNode,
  Kind,
  parse,
  print,
  type ValueNode,
  valueFromASTUntyped,
  visit,
} from 'graphql';
import { expect, it } from 'vitest';
import { keysOf } from '../../../src/federation/entities.ts';
import { nodeTypes } from '../../../src/graphql/schema/global-id.ts';
import { startApp } from '../../kit/app.ts';
import { printedSubgraph } from '../../kit/printed-schema.ts';

const committed = readFileSync('subgraph.graphql', 'utf8');
const document = parse(committed);

/** The arguments of every use of a directive, by its coordinate: a type, or `Type.field`. */
function usesOf(directive: string): Record<string, object[]> {
  const uses: Record<string, object[]> = {};
  const names: string[] = [];
  const add = ({ name, arguments: args = [] }: DirectiveNode) => {
    if (name.value !== directive) return;
    const values = Object.fromEntries(args.map((arg) => [arg.name.value, literalOf(arg.value)]));
    const coordinate = names.join('.');
    uses[coordinate] = [...(uses[coordinate] ?? []), values];
  };
  visit(document, {
    ObjectTypeDefinition: { enter: ({ name }) => void names.push(name.value), leave: () => void names.pop() },
    SchemaDefinition: { enter: () => void names.push('schema'), leave: () => void names.pop() },
    FieldDefinition: { enter: ({ name }) => void names.push(name.value), leave: () => void names.pop() },
    Directive: add,
  });
  return uses;
}

const literalOf = (node: ValueNode): unknown => valueFromASTUntyped(node);

it('is printed to subgraph.graphql', () => {
  expect(printedSubgraph() === committed, 'subgraph.graphql is stale. Run npm run generate, and commit it.').toBe(true);
});

it('is returned by _service', async () => {
  await using app = await startApp();
  expect((await app.send('{ _service { sdl } }')).data).toEqual({ _service: { sdl: committed } });
});

it('has every key', () => {
  expect(usesOf('key')).toEqual({
    User: [{ fields: 'id' }, { fields: 'uid' }],
    List: [{ fields: 'id' }],
    Segment: [{ fields: 'id' }],
    Event: [{ fields: 'id' }],
  });
  expect(Object.keys(keysOf)).toEqual([...nodeTypes]);
});

it('imports the directives that it uses from the federation specification', () => {
  expect(usesOf('link').schema).toEqual([
    {
      url: 'https://specs.apollo.dev/federation/v2.5',
      import: ['@key', '@shareable', '@requiresScopes'],
    },
  ]);
});

it('makes PageInfo and the general errors shareable', () => {
  expect(Object.keys(usesOf('shareable')).sort()).toEqual([
    'ForbiddenError',
    'NotFoundError',
    'PageInfo',
    'ValidationError',
    'ValidationIssue',
  ]);
});

it('has the same scopes as schema.graphql', () => {
  const scopesIn = (text: string) => text.match(/^.*@requiresScopes\(scopes.*$/gm)?.map((line) => line.trim());
  expect(usesOf('requiresScopes')).toMatchObject({ 'User.email': [{ scopes: [['users:read']] }] });
  expect(scopesIn(committed)).toEqual(scopesIn(readFileSync('schema.graphql', 'utf8')));
});

it('omits root fields that collide with other subgraphs, and the definitions of the federation specification', () => {
  const [query] = document.definitions.filter((it) => it.kind === 'ObjectTypeDefinition' && it.name.value === 'Query');
  expect(print(query ?? document)).not.toMatch(/^ {2}(node|nodes|viewer|_entities|_service)\b/m);
  expect(committed).not.toMatch(/^(directive|scalar (Scope|_Any)|union _Entity|type (_Service|Viewer))\b/m);
});

it('differs without scopes only in @requiresScopes and in the version of the specification', () => {
  const without = printedSubgraph(false);
  expect(without.match(/.*@requiresScopes.*/)).toBeNull();
  expect(without).toContain('@link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])');
  const withoutLink = (sdl: string) => sdl.replace(/^schema @link.*$/m, '');
  expect(withoutLink(without)).toBe(withoutLink(committed.replaceAll(/ @requiresScopes\(scopes: .*?\]\]\)/g, '')));
});

it('still serves node, nodes and viewer', async () => {
  await using app = await startApp();
  expect(await app.send('{ nodes(ids: []) { id } viewer { workspace } }')).toMatchObject({
    status: 200,
    data: { nodes: [], viewer: { workspace: 'Owner' } },
  });
});

it('has exactly the names that docs/federation.md lists', () => {
  const [, section = ''] = /^### Names$(.*?)^The \*\*Hive/ms.exec(readFileSync('docs/federation.md', 'utf8')) ?? [];
  const rows = section.split('\n').filter((line) => /^\| (fields|entities|other|types that)/.test(line));
  const listed = rows.flatMap((row) => [...(row.split('|')[2] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const { definitions } = document;
  const rootFields = definitions.flatMap((node) =>
    node.kind === Kind.OBJECT_TYPE_DEFINITION && /^(Query|Mutation)$/.test(node.name.value)
      ? (node.fields ?? []).map(({ name }) => name.value)
      : [],
  );
  const ofMutations = new Set(
    rootFields.flatMap((name) => ['Input', 'Payload', 'Result'].map((suffix) => name + suffix)),
  );
  const types = definitions
    .flatMap((node) => (isTypeDefinitionNode(node) ? node.name.value : []))
    .filter(
      (name) => !/^(Query|Mutation)$/.test(name) && !ofMutations.has(name.charAt(0).toLowerCase() + name.slice(1)),
    );
  expect(listed.toSorted(), 'Update the table of names in docs/federation.md.').toEqual(
    [...rootFields, ...types].sort(),
  );
});
