const query = '{ users(first: 3) { totalCount nodes { uid firstName email devices { platform } } } }';

/** What a start on the embedded database tells a person: where it is, the keys, and a line to paste. */
export function startupBanner(
  address: string,
  { publicKey, secret }: { publicKey: string; secret: string },
  graphiql: boolean,
): string {
  return `
  usergraph is ready

    ${graphiql ? 'GraphiQL' : 'GraphQL '}     ${address}/graphql
    public key   ${publicKey}
    secret       ${secret}

  Try it:

    curl -s ${address}/graphql -u ${publicKey}:${secret} -H 'content-type: application/json' -d '${JSON.stringify({ query })}'
`;
}
