import { graphql } from '../../generated/gql.ts';

export const RemoveDevice = graphql(`
  mutation RemoveDevice($input: RemoveDeviceInput!) {
    removeDevice(input: $input) {
      __typename
      ... on RemoveDevicePayload { removedToken }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
    }
  }
`);
