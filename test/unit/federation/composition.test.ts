import { readFileSync } from 'node:fs';
import * as apollo from '@apollo/composition';
import * as guild from '@theguild/federation-composition';
import { buildASTSchema, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';

const sdlOf = (name: string) => readFileSync(`test/kit/subgraphs/${name}.graphql`, 'utf8');

// Both of the others use Relay, too: orders by `node` and `nodes`, both by connections. They describe what all three
// have in words of their own.
const usergraph = { name: 'usergraph', typeDefs: parse(readFileSync('subgraph.graphql', 'utf8')) };
const others = ['orders', 'billing'].map((name) => ({ name, typeDefs: parse(sdlOf(name)) }));

/** What Apollo's composer makes of some subgraphs, and what it says. */
function compose(subgraphs: (typeof usergraph)[]) {
  const { errors = [], hints = [], supergraphSdl = '' } = apollo.composeServices(subgraphs);
  return { errors: errors.map(({ message }) => message), hints: hints.map(String), supergraphSdl };
}

it('composes with two other Relay subgraphs by Apollo’s composer, without errors, or hints about usergraph', () => {
  const { errors, hints } = compose([usergraph, ...others]);
  expect(errors).toEqual([]);
  expect(hints.filter((hint) => hint.includes('usergraph'))).toEqual([]);
  // The others' words differ, so that there are hints to find.
  expect(hints.some((hint) => hint.includes('"orders"'))).toBe(true);
});

it('composes by itself', () => {
  expect(compose([usergraph])).toMatchObject({ errors: [], hints: [] });
});

it('composes with them by the Guild’s composer, without errors', () => {
  expect(guild.composeServices([usergraph, ...others]).errors).toBeUndefined();
  expect(guild.composeServices([usergraph]).errors).toBeUndefined();
});

describe.each([
  ['Apollo', compose([usergraph, ...others]).supergraphSdl],
  ['the Guild', guild.composeServices([usergraph, ...others]).supergraphSdl ?? ''],
])('the supergraph of %s', (_composer, supergraphSdl) => {
  const graph = buildASTSchema(guild.transformSupergraphToPublicSchema(parse(supergraphSdl)), { assumeValid: true });
  const fieldsOf = (name: string) => {
    const type = graph.getType(name);
    return isObjectType(type) ? Object.keys(type.getFields()) : [];
  };

  it('knows of a user what each subgraph knows', () => {
    expect(fieldsOf('User')).toEqual(expect.arrayContaining(['id', 'uid', 'email', 'events', 'orders', 'invoices']));
  });

  it('has the root fields of all, and node of the one that has it', () => {
    expect(fieldsOf('Query')).toEqual(expect.arrayContaining(['node', 'user', 'users', 'orders', 'invoices']));
    expect(fieldsOf('Mutation')).toEqual(expect.arrayContaining(['updateUser', 'payInvoice']));
  });

  it('carries the scopes for a router to enforce', () => {
    expect(supergraphSdl).toMatch(/email: String.*@requiresScopes\(scopes: \[\["users:read"\]\]\)/);
  });
});
