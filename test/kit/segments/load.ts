import { createKey } from '../../../src/auth/keys.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { basic } from '../app.ts';
import type { Choices } from '../choices.ts';
import type { TestDatabase } from '../database.ts';
import { addList } from '../factories.ts';
import { define } from './workspace.ts';

/** Users of a workspace, at most. */
export const USERS = 40;

/** The segment that measures how long a write takes to become effective: no random write changes it. */
const PROBE = { lastName: { eq: 'Probe' } };

/** A workspace under load. */
export interface Workspace {
  db: TestDatabase['db'];
  workspaceId: string;
  authorization: string;
  listIds: string[];
  /** By name. */
  segments: Map<string, string>;
}

/** Segments of all kinds, in the order of their references. */
function filtersOf(listIds: readonly string[], idOf: (name: string) => string): [string, UserFilter][] {
  const in_ = (...names: string[]) => ({ some: { segmentIds: names.map(idOf) } });
  return [
    ['probe', PROBE],
    ['field', { firstName: { eq: 'Ada' } }],
    ['attribute', { meta: [{ key: 'plan', string: { eq: 'pro' } }] }],
    ['paid lately', { events: [{ name: { eq: 'Paid' }, count: { gte: 1 }, within: 'PT1M' }] }],
    ['paid often', { events: [{ name: { eq: 'paid' }, count: { gte: 3 }, within: 'PT2M' }] }],
    ['idle', { not: { events: [{ name: { in: ['Paid', 'Opened'] }, within: 'PT1M' }] } }],
    ['active', { appLastActiveAt: { within: 'PT1M' } }],
    ['new', { createdAt: { within: 'PT1M' } }],
    ['subscribed', { lists: { some: { listIds: listIds.slice(0, 1), subscribed: true } } }],
    ['ios', { devices: { some: { platform: 'ios' } } }],
    [
      'mixed',
      {
        or: [
          {
            and: [
              { firstName: { eq: 'Bob' } },
              { events: [{ name: { eq: 'Opened' }, count: { eq: 0 }, within: 'PT1M' }] },
            ],
          },
          { not: { appLastActiveAt: { within: 'PT2M' } } },
        ],
      },
    ],
    ['in others', { segments: in_('paid lately', 'attribute') }],
    ['in none', { segments: { none: { segmentIds: [idOf('in others')], suppressed: false } } }],
    ['changed', { email: { contains: '1' } }],
    ['in changed', { segments: in_('changed') }],
  ];
}

/** Creates workspaces with segments of all kinds, and without users. */
export async function createWorkspaces({ db }: TestDatabase, count: number): Promise<Workspace[]> {
  const workspaces: Workspace[] = [];
  for (let place = 0; place < count; place += 1) {
    const { id: workspaceId } = await createWorkspace(db, 'Load');
    const { publicKey, secret } = await createKey(db, workspaceId, scopes);
    const lists = [await addList({ db, workspaceId }), await addList({ db, workspaceId })];
    const segments = new Map<string, string>();
    const listIds = lists.map(({ id }) => id);
    // Each filter refers to segments before it, whose ids are known only when they have been created.
    const filters = () => filtersOf(listIds, (name) => segments.get(name) ?? '');
    for (const index of filters().keys()) {
      const [name, where] = filters()[index] ?? ['', {}];
      segments.set(name, await define({ db, workspaceId }, where, name));
    }
    workspaces.push({
      db,
      workspaceId,
      authorization: basic(publicKey, secret),
      listIds: lists.map(({ globalId }) => globalId),
      segments,
    });
  }
  return workspaces;
}

/** Sends a mutation. @returns whether it succeeded; its outcome is unknown if the gateway was killed. */
export async function send(
  address: string,
  { authorization }: Workspace,
  name: string,
  input: object,
): Promise<boolean> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`;
  try {
    const response = await fetch(`${address}/graphql`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({
        query: `mutation ($input: ${type}) { ${name}(input: $input) { __typename } }`,
        variables: { input },
      }),
      signal: AbortSignal.timeout(10_000),
    });
    const { data } = (await response.json()) as { data?: Record<string, { __typename: string } | null> | null };
    return data?.[name]?.__typename.endsWith('Payload') ?? false;
  } catch {
    return false;
  }
}

/** A random write as [mutation, input], around the present: late and future events and instants make segments change by themselves. */
export function randomWrite({ of, below, percent }: Choices, { listIds }: Workspace): [string, object] {
  const uid = `u${below(USERS)}`;
  const instant = () => new Date(Date.now() - 60_000 + below(64_000)).toISOString();
  const listId = of(listIds);
  const profile = () => ({
    ...(percent(40) ? { firstName: of(['Ada', 'Bob', null]) } : {}),
    ...(percent(30) ? { email: of([`${uid}@example.com`, null]) } : {}),
    ...(percent(30) ? { appLastActiveAt: of([instant(), null]) } : {}),
    ...(percent(30) ? { meta: of([{ plan: of(['pro', 'free']) }, null]) } : {}),
    ...(percent(10) ? { device: { token: `token${below(10)}`, platform: of(['IOS', 'ANDROID']) } } : {}),
  });
  return of<() => [string, object]>([
    () => ['createUser', { uid, ...profile(), ...(percent(50) ? { createdAt: instant() } : {}) }],
    () => ['updateUser', { uid, ...profile() }],
    () => ['updateUser', { uid, ...profile() }],
    () => ['updateUser', { uid, removeMeta: ['plan'] }],
    () => ['addEvent', { uid, name: of(['Paid', 'paid', 'Opened']), timestamp: instant() }],
    () => ['addEvent', { uid, name: of(['Paid', 'Opened']), timestamp: instant() }],
    () => ['addEvent', { uid, name: of(['Paid', 'Opened']) }],
    () => ['setListSubscription', { uid, listId, subscribed: percent(60) }],
    () => ['removeFromList', { uid, listId }],
    () => ['removeDevice', { uid, token: `token${below(10)}` }],
    () => (percent(30) ? ['deleteUser', { uid }] : ['createUser', { uid, ...profile() }]),
  ])();
}
