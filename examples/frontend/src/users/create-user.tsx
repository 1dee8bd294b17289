import { useState } from 'react';
import { graphql } from 'react-relay';
import { Panel } from '../layout/panel.tsx';
import { useWrite } from '../relay/use-write.ts';
import type { createUserMutation } from './__generated__/createUserMutation.graphql.ts';
import { UserForm, type Values } from './user-form.tsx';

const mutation = graphql`
  mutation createUserMutation($input: CreateUserInput!, $connections: [ID!]!) {
    result: createUser(input: $input) {
      ... on CreateUserPayload {
        userEdge @prependEdge(connections: $connections) {
          cursor
          node { id uid ...userRow_user }
        }
      }
      ... on Error { code message }
      ... on ValidationError { issues { path message } }
    }
  }
`;

const EMPTY: Values = { uid: null, firstName: null, lastName: null, email: null, number: null };

/** @param connection the id of the connection in Relay's cache to which the user is added. */
export function CreateUser({ connection, onClose }: { connection: string; onClose: () => void }) {
  const { write, ...state } = useWrite<createUserMutation>(mutation);
  // Makes a retry safe if the response was lost. A rejected write does not use up the key.
  const [idempotencyKey] = useState(() => crypto.randomUUID());

  function create({ uid, ...fields }: Values): void {
    const input = { ...fields, uid: uid ?? '', idempotencyKey };
    write({ input, connections: [connection] }, onClose);
  }

  return (
    <Panel label="New user" onClose={onClose}>
      <h2>New user</h2>
      <UserForm {...state} initial={EMPTY} submitLabel="Create" onSubmit={create} />
    </Panel>
  );
}
