import { graphql, useLazyLoadQuery } from 'react-relay';
import { Link } from 'wouter';
import type { userTableQuery } from './__generated__/userTableQuery.graphql.ts';
import { CreateUser } from './create-user.tsx';
import { FIRST_PAGE, type PageUrl, pageAfter, pageBefore, withPanel } from './page-url.ts';
import { UserRow } from './user-row.tsx';

// Each page is a connection of its own in the cache, since `filters` contains the arguments of paging. Relay's default is one
// growing list, to which usePaginationFragment adds pages.
const query = graphql`
  query userTableQuery($first: Int, $after: String, $last: Int, $before: String) {
    users(first: $first, after: $after, last: $last, before: $before)
      @connection(key: "userTable_users", filters: ["first", "after", "last", "before"]) {
      __id
      edges { node { id uid ...userRow_user } }
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
    }
  }
`;

interface Props {
  url: PageUrl;
  attempt: number;
  onClosePanel: () => void;
}

export function UserTable({ url, attempt, onClosePanel }: Props) {
  const { page, isCreating } = url;
  // New users are on the first page, so it is refetched on each visit. Other pages come from the store.
  const isFirstPage = page.after === undefined && page.before === undefined;
  const fetchPolicy = isFirstPage ? 'store-and-network' : 'store-or-network';
  const { users } = useLazyLoadQuery<userTableQuery>(query, page, { fetchKey: attempt, fetchPolicy });
  const { startCursor, endCursor, hasPreviousPage, hasNextPage } = users.pageInfo;
  // @deleteRecord leaves the edges of a deleted user, without a node.
  const nodes = users.edges.flatMap(({ node }) => node ?? []);

  return (
    <>
      {nodes.length === 0 ? (
        <p className="empty">
          No users here. <Link href={FIRST_PAGE}>First page</Link>
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">E-mail</th>
              <th scope="col" className="wide">
                uid
              </th>
              <th scope="col" className="wide">
                Created
              </th>
              <th scope="col">Plan</th>
            </tr>
          </thead>
          <tbody>
            {nodes.map((user) => (
              <UserRow key={user.id} user={user} href={withPanel(url, user.uid)} />
            ))}
          </tbody>
        </table>
      )}
      <nav aria-label="Pages">
        <PageLink href={startCursor && hasPreviousPage ? pageBefore(startCursor) : undefined}>← Newer</PageLink>
        <PageLink href={endCursor && hasNextPage ? pageAfter(endCursor) : undefined}>Older →</PageLink>
      </nav>
      {isCreating && <CreateUser connection={users.__id} onClose={onClosePanel} />}
    </>
  );
}

/** A link, disabled if there is no such page. */
function PageLink({ href, children }: { href?: string; children: string }) {
  if (href === undefined) {
    return (
      <button type="button" disabled>
        {children}
      </button>
    );
  }
  return (
    <Link href={href} className="button">
      {children}
    </Link>
  );
}
