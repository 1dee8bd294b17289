/** The name, after the run's prefix, of the migrated database that the others are cloned from. */
export const TEMPLATE = 'template';

/** The URL of another database on the same server. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
