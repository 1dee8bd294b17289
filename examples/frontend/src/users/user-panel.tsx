import { Suspense } from 'react';
import { graphql, useLazyLoadQuery } from 'react-relay';
import { ErrorBoundary } from '../layout/error-boundary.tsx';
import { formatTime, nameOf } from '../layout/format.ts';
import { Panel } from '../layout/panel.tsx';
import { Section } from '../layout/section.tsx';
import type { userPanelQuery } from './__generated__/userPanelQuery.graphql.ts';
import { DeleteUser } from './delete-user.tsx';
import { EditUser } from './edit-user.tsx';
import { ListMemberships } from './list-memberships.tsx';

const query = graphql`
  query userPanelQuery($uid: String!) {
    user(uid: $uid) {
      uid firstName lastName
      devices { id platform lastSeenAt }
      events(first: 5) { nodes { id name value timestamp } }
      ...editUser_user
      ...listMemberships_user
    }
  }
`;

interface Props {
  uid: string;
  onClose: () => void;
}

/** Everything about one user, in a panel. */
export function UserPanel({ uid, onClose }: Props) {
  return (
    <Panel label={`User ${uid}`} onClose={onClose}>
      <ErrorBoundary resetKey={uid}>
        {(attempt) => (
          <Suspense fallback={<p className="empty">Loading …</p>}>
            <UserDetails uid={uid} onClose={onClose} attempt={attempt} />
          </Suspense>
        )}
      </ErrorBoundary>
    </Panel>
  );
}

function UserDetails({ uid, onClose, attempt }: Props & { attempt: number }) {
  const options = { fetchKey: attempt, fetchPolicy: 'store-and-network' } as const;
  const { user } = useLazyLoadQuery<userPanelQuery>(query, { uid }, options);
  if (!user) return <p className="empty">There is no user with this uid.</p>;
  const { devices, events } = user;

  return (
    <>
      <h2>{nameOf(user)}</h2>
      <p className="muted">
        uid <code>{user.uid}</code>
      </p>
      <EditUser user={user} />
      <ListMemberships user={user} />
      <Section title="Devices" empty="No devices.">
        {devices.map(({ id, platform, lastSeenAt }) => (
          <li key={id}>
            {platform === 'IOS' ? 'iOS' : 'Android'}
            <span className="muted">last seen {formatTime(lastSeenAt)}</span>
          </li>
        ))}
      </Section>
      <Section title="Recent events" empty="No events.">
        {events.nodes.map(({ id, name, value, timestamp }) => (
          <li key={id}>
            {name} {value}
            <span className="muted">{formatTime(timestamp)}</span>
          </li>
        ))}
      </Section>
      <DeleteUser uid={user.uid} onDelete={onClose} />
    </>
  );
}
