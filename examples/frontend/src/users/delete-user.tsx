import { useState } from 'react';
import { graphql } from 'react-relay';
import { useWrite } from '../relay/use-write.ts';
import type { deleteUserMutation } from './__generated__/deleteUserMutation.graphql.ts';
import { ProblemMessage } from './user-form.tsx';

const mutation = graphql`
  mutation deleteUserMutation($input: DeleteUserInput!) {
    result: deleteUser(input: $input) {
      ... on DeleteUserPayload { deletedUserId @deleteRecord }
      ... on Error { code message }
    }
  }
`;

/** Deletes a user, after a second click. */
export function DeleteUser({ uid, onDelete }: { uid: string; onDelete: () => void }) {
  const { write, isInFlight, problem } = useWrite<deleteUserMutation>(mutation);
  const [isAsking, setAsking] = useState(false);

  if (!isAsking) {
    return (
      <button type="button" className="danger" onClick={() => setAsking(true)}>
        Delete user …
      </button>
    );
  }
  return (
    <section aria-label="Delete user">
      <p>Delete this user with all devices, memberships and events? This cannot be undone.</p>
      <button
        type="button"
        className="danger"
        disabled={isInFlight}
        onClick={() => write({ input: { uid } }, onDelete)}
      >
        Delete
      </button>{' '}
      {/* biome-ignore lint/a11y/noAutofocus: moves the focus from the removed button. */}
      <button type="button" autoFocus onClick={() => setAsking(false)}>
        Cancel
      </button>
      {problem && <ProblemMessage problem={problem} />}
    </section>
  );
}
