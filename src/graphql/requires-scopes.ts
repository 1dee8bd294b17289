import { DirectiveLocation, GraphQLDirective, GraphQLList, GraphQLNonNull, GraphQLScalarType } from 'graphql';

const scope = new GraphQLScalarType({
  name: 'Scope',
  description: 'Name of a scope, such as `users:read`.',
});

/** Federation's directive, under the name that its specification gives it. */
export const requiresScopesDirective = new GraphQLDirective({
  name: 'requiresScopes',
  description: 'Scopes that a caller needs: all of one of the lists.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    scopes: {
      description: 'Lists of scopes.',
      type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(scope))))),
    },
  },
});
