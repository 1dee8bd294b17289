import { graphql } from '../../generated/gql.ts';

export const DeclareAttribute = graphql(`
  mutation DeclareAttribute($input: DeclareAttributeInput!) {
    declareAttribute(input: $input) {
      ... on DeclareAttributePayload { attribute { key type isReady readyAt usersRead } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on AttributeDeclaredError { key declaredType }
      ... on TooManyAttributesError { limit }
    }
  }
`);

export const UndeclareAttribute = graphql(`
  mutation UndeclareAttribute($input: UndeclareAttributeInput!) {
    undeclareAttribute(input: $input) {
      ... on UndeclareAttributePayload { key }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
    }
  }
`);

export const DeclaredAttributes = graphql(`
  query DeclaredAttributes {
    declaredAttributes { key type isReady readyAt usersRead declaredAt }
  }
`);
