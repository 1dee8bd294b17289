import { graphql, useFragment } from 'react-relay';
import { Section } from '../layout/section.tsx';
import { useWrite } from '../relay/use-write.ts';
import type { listMemberships_user$key } from './__generated__/listMemberships_user.graphql.ts';
import type { listMembershipsMutation } from './__generated__/listMembershipsMutation.graphql.ts';
import { ProblemMessage } from './user-form.tsx';

const fragment = graphql`
  fragment listMemberships_user on User {
    uid
    lists { id subscribed list { id title } }
  }
`;

const mutation = graphql`
  mutation listMembershipsMutation($input: SetListSubscriptionInput!) {
    result: setListSubscription(input: $input) {
      ... on SetListSubscriptionPayload { membership { id subscribed } }
      ... on Error { code message }
    }
  }
`;

/** The lists of a user, with a switch for the subscription of each. */
export function ListMemberships({ user: key }: { user: listMemberships_user$key }) {
  const { uid, lists } = useFragment(fragment, key);
  const { write, isInFlight, problem } = useWrite<listMembershipsMutation>(mutation);

  return (
    <>
      <Section title="Lists" empty="Not a member of any list.">
        {lists.map(({ id, subscribed, list }) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                role="switch"
                checked={subscribed}
                aria-checked={subscribed}
                disabled={isInFlight}
                onChange={() => write({ input: { uid, listId: list.id, subscribed: !subscribed } })}
              />
              {list.title}
            </label>
            <span className="muted">{subscribed ? 'subscribed' : 'unsubscribed'}</span>
          </li>
        ))}
      </Section>
      {problem && <ProblemMessage problem={problem} />}
    </>
  );
}
