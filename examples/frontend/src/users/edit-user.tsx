import { useState } from 'react';
import { graphql, useFragment } from 'react-relay';
import { useWrite } from '../relay/use-write.ts';
import type { editUser_user$key } from './__generated__/editUser_user.graphql.ts';
import type { editUserMutation } from './__generated__/editUserMutation.graphql.ts';
import { UserForm, type Values } from './user-form.tsx';

const fragment = graphql`
  fragment editUser_user on User {
    uid firstName lastName email number
  }
`;

// From the payload, Relay updates the table as well. If the user was deleted meanwhile, updateUser creates the user again.
const mutation = graphql`
  mutation editUserMutation($input: UpdateUserInput!) {
    result: updateUser(input: $input) {
      ... on UpdateUserPayload { user { ...editUser_user ...userRow_user } }
      ... on Error { code message }
      ... on ValidationError { issues { path message } }
    }
  }
`;

export function EditUser({ user: key }: { user: editUser_user$key }) {
  const { uid, ...fields } = useFragment(fragment, key);
  const { write, ...state } = useWrite<editUserMutation>(mutation);
  const [isSaved, setSaved] = useState(false);

  function save(changes: Values): void {
    setSaved(false);
    write({ input: { ...changes, uid } }, () => setSaved(true));
  }

  return (
    <UserForm {...state} initial={fields} submitLabel="Save" status={isSaved ? 'Saved.' : undefined} onSubmit={save} />
  );
}
