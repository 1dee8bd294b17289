import { Suspense, useDeferredValue } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { ErrorBoundary } from '../layout/error-boundary.tsx';
import { NEW_USER, parsePageUrl, withPanel } from './page-url.ts';
import { UserPanel } from './user-panel.tsx';
import { UserTable } from './user-table.tsx';

/** The users of the workspace, a page at a time, and one of them in a panel. */
export function UsersPage() {
  const search = useSearch();
  // While the next page loads, the previous one stays.
  const shownSearch = useDeferredValue(search);
  const [, navigate] = useLocation();
  const url = parsePageUrl(shownSearch);
  const closePanel = () => navigate(withPanel(url));

  return (
    <main aria-busy={search !== shownSearch}>
      <header>
        <h1>Users</h1>
        <Link href={NEW_USER} className="button primary">
          New user
        </Link>
      </header>
      <ErrorBoundary resetKey={shownSearch}>
        {(attempt) => (
          <Suspense fallback={<p className="empty">Loading users …</p>}>
            <UserTable url={url} attempt={attempt} onClosePanel={closePanel} />
          </Suspense>
        )}
      </ErrorBoundary>
      {url.user !== undefined && <UserPanel key={url.user} uid={url.user} onClose={closePanel} />}
    </main>
  );
}
