import { readFileSync } from 'node:fs';
import * as apollo from '@apollo/composition';
import * as guild from '@theguild/federation-composition';
import { buildASTSchema, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';

const sdlOf = (name: string) => readFileSync(`test/kit/subgraphs/${name}.graphql`, 'utf8');

// The other subgraphs use Relay as well: orders has `node` and `nodes`, and both have connections. Their descriptions of the
// shared types differ from usergraph's.
const usergraph = { name: 'usergraph', typeDefs: parse(readFileSync('subgraph.graphql', 'utf8')) };
const others = ['orders', 'billing'].map((name) => ({ name, typeDefs: parse(sdlOf(name)) }));

/** Composes subgraphs with Apollo's composer. */
function compose(subgraphs: (typeof usergraph)[]) {
  const { errors = [], hints = [], supergraphSdl = '' } = apollo.composeServices(subgraphs);
  return { errors: errors.map(({ message }) => message), hints: hints.map(String), supergraphSdl };
}

it("composes with two other Relay subgraphs in Apollo's composer, without errors and without hints about usergraph", () => {
  const { errors, hints } = compose([usergraph, ...others]);
  expect(errors).toEqual([]);
  expect(hints.filter((hint) => hint.includes('usergraph'))).toEqual([]);
  // The descriptions of the other subgraphs differ, so hints are reported.
  expect(hints.some((hint) => hint.includes('"orders"'))).toBe(true);
});

it('composes as the only subgraph', () => {
  expect(compose([usergraph])).toMatchObject({ errors: [], hints: [] });
});

it("composes with two other subgraphs in the Guild's composer, without errors", () => {
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

  it('has the user fields of every subgraph', () => {
    expect(fieldsOf('User')).toEqual(expect.arrayContaining(['id', 'uid', 'email', 'events', 'orders', 'invoices']));
  });

  it('has the root fields of every subgraph, and node of one', () => {
    expect(fieldsOf('Query')).toEqual(expect.arrayContaining(['node', 'user', 'users', 'orders', 'invoices']));
    expect(fieldsOf('Mutation')).toEqual(expect.arrayContaining(['updateUser', 'payInvoice']));
  });

  it('has the scopes, for a router to enforce', () => {
    expect(supergraphSdl).toMatch(/email: String.*@requiresScopes\(scopes: \[\["users:read"\]\]\)/);
  });
});
