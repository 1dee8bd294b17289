import { graphql, useFragment } from 'react-relay';
import { Link } from 'wouter';
import { formatDate, nameOf } from '../layout/format.ts';
import type { userRow_user$key } from './__generated__/userRow_user.graphql.ts';

const fragment = graphql`
  fragment userRow_user on User {
    uid firstName lastName email createdAt meta
  }
`;

export function UserRow({ user: key, href }: { user: userRow_user$key; href: string }) {
  const user = useFragment(fragment, key);
  return (
    <tr>
      <td>
        <Link href={href}>{nameOf(user)}</Link>
      </td>
      <td>{user.email}</td>
      <td className="wide">
        <code>{user.uid}</code>
      </td>
      <td className="wide">{formatDate(user.createdAt)}</td>
      <td>{user.meta.plan !== undefined && <span className="tag">{user.meta.plan}</span>}</td>
    </tr>
  );
}
