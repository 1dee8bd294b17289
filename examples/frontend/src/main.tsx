import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RelayEnvironmentProvider } from 'react-relay';
import { environment } from './relay/environment.ts';
import { RetryNotice } from './relay/retry-notice.tsx';
import './style.css';
import { UsersPage } from './users/users-page.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element with the id root.');

// In development, StrictMode mounts components twice, and Relay sends their queries twice.
createRoot(root).render(
  <StrictMode>
    <RelayEnvironmentProvider environment={environment}>
      <UsersPage />
      <RetryNotice />
    </RelayEnvironmentProvider>
  </StrictMode>,
);
