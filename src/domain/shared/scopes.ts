/** Permissions of a credential, as `area:right`. Contract, "Scopes". */
export const scopes = [
  'users:identify',
  'users:read',
  'users:write',
  'events:write',
  'events:read',
  'lists:read',
  'lists:write',
  'segments:read',
  'segments:write',
  'audit:read',
  'privacy:export',
  'schema:read',
] as const;

/** A permission of a credential. */
export type Scope = (typeof scopes)[number];

/** The scopes that a public key can have without its secret. */
export const publicScopes: readonly Scope[] = ['users:identify', 'events:write'];

/** Whether a text is the name of a scope. */
export function isScope(text: string): text is Scope {
  return scopes.some((scope) => scope === text);
}
