import { graphql } from '../../generated/gql.ts';

export const CreateList = graphql(`
  mutation CreateList($input: CreateListInput!) {
    createList(input: $input) {
      __typename
      ... on CreateListPayload { list { ...WholeList } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
    }
  }
`);

export const UpdateList = graphql(`
  mutation UpdateList($input: UpdateListInput!) {
    updateList(input: $input) {
      __typename
      ... on UpdateListPayload { list { ...WholeList } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
    }
  }
`);

export const ArchiveList = graphql(`
  mutation ArchiveList($input: ArchiveListInput!) {
    archiveList(input: $input) {
      __typename
      ... on ArchiveListPayload { list { ...WholeList } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
    }
  }
`);

export const SetListSubscription = graphql(`
  mutation SetListSubscription($input: SetListSubscriptionInput!) {
    setListSubscription(input: $input) {
      __typename
      ... on SetListSubscriptionPayload { membership { subscribed joinedAt list { id title } } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
      ... on ListArchivedError { listId }
    }
  }
`);

export const RemoveFromList = graphql(`
  mutation RemoveFromList($input: RemoveFromListInput!) {
    removeFromList(input: $input) {
      __typename
      ... on RemoveFromListPayload { userId listId }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
    }
  }
`);

export const ReadLists = graphql(`
  query ReadLists {
    lists(first: 100) { nodes { ...WholeList } }
  }
`);

export const ReadListMembers = graphql(`
  query ReadListMembers($id: ID!, $subscribed: Boolean) {
    node(id: $id) {
      ... on List {
        members(first: 100, subscribed: $subscribed) { edges { subscribed joinedAt node { uid } } totalCount }
      }
    }
  }
`);

export const WholeList = graphql(`
  fragment WholeList on List {
    id
    title
    description
    createdAt
    archivedAt
  }
`);

export const SetListSubscriptions = graphql(`
  mutation SetListSubscriptions($input: SetListSubscriptionsInput!) {
    setListSubscriptions(input: $input) {
      __typename
      ... on SetListSubscriptionsPayload {
        setCount
        failedCount
        items {
          index
          result {
            __typename
            ... on SetListSubscriptionPayload { membership { subscribed joinedAt list { id title } } }
            ... on Error { code message }
            ... on ValidationError { issues { path code } }
            ... on NotFoundError { resource }
            ... on ListArchivedError { listId }
          }
        }
      }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
    }
  }
`);
