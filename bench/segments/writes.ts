import type { Client } from 'pg';
import { z } from 'zod';
import { decodeIdOf } from '../../src/graphql/schema/global-id.ts';
import { documents } from '../contestants/documents.ts';
import { SCATTER_STRIDE } from '../database/fill.ts';
import { eventNames } from '../filters/fill.ts';
import { attributeKeys, segmentOfEvent, segmentOfTier, TIER, tiers, trackedEvents } from './filters.ts';
import type { Expectation } from './follow-memberships.ts';
import type { SendDocument } from './gateway.ts';

/** Users to whom writes go, at most. Each is written again only after all others. */
const MAX_WRITTEN_USERS = 50_000;

/** Of a hundred writes, how many create a user and how many add an event; the others change an attribute. */
const CREATED = 2;
const EVENTS = 49;

const updateUser = `mutation UpdateUser($input: UpdateUserInput!) {
  updateUser(input: $input) {
    ... on UpdateUserPayload { user { id } }
    ... on Error { code message }
  }
}`;

const updated = z.object({ data: z.object({ updateUser: z.object({ user: z.object({ id: z.string() }) }) }) });

/** A user as the writes have left it. */
interface WrittenUser {
  id: string;
  uid: string;
  tier: string | undefined;
  events: Set<string>;
  isBusy: boolean;
}

interface WriterOptions {
  send: SendDocument;
  users: readonly Pick<WrittenUser, 'id' | 'uid'>[];
  /** The ids of the segments by name. Writes whose effect is on another one are not followed. */
  segmentIds: ReadonlyMap<string, string>;
}

/** Writes of one workspace: changes of an attribute, events that happen now, and new users, at random but the same in every run. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #users: WrittenUser[];
  #next = 0;
  #created = 0;
  #state = 1;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#users = options.users.map((user) => ({ ...user, tier: undefined, events: new Set(), isBusy: false }));
  }

  /** Sends the next write. @returns the entries and exits that it causes, of those that are followed. */
  async write(): Promise<Expectation[]> {
    const choice = this.#random(100);
    if (choice < CREATED) return this.#create();
    const user = this.#nextUser();
    user.isBusy = true;
    try {
      return await (choice < CREATED + EVENTS ? this.#addEvent(user) : this.#update(user));
    } finally {
      user.isBusy = false;
    }
  }

  async #create(): Promise<Expectation[]> {
    this.#created += 1;
    const tier = this.#pick(tiers);
    const input = { uid: `new-${this.#created}`, firstName: 'Ada', meta: { [TIER]: tier, plan: 'Pro', age: 30 } };
    const id = await this.#upsert(input);
    return this.#expect(id, segmentOfTier(tier), 'enterSegment');
  }

  async #update(user: WrittenUser): Promise<Expectation[]> {
    const key = this.#pick(attributeKeys);
    if (key !== TIER) {
      await this.#upsert({ uid: user.uid, meta: { [key]: this.#value(key) } });
      return [];
    }
    const tier = this.#pick(tiers.filter((each) => each !== user.tier));
    const before = user.tier;
    await this.#upsert({ uid: user.uid, meta: { [TIER]: tier } });
    user.tier = tier;
    return [
      ...this.#expect(user.id, segmentOfTier(tier), 'enterSegment'),
      ...(before ? this.#expect(user.id, segmentOfTier(before), 'exitSegment') : []),
    ];
  }

  async #addEvent(user: WrittenUser): Promise<Expectation[]> {
    const name = this.#pick([...trackedEvents, ...eventNames]);
    const properties = { product: `C${this.#random(1_000)}`, amount: this.#random(10_000) / 100 };
    const input = { uid: user.uid, name, value: this.#random(100), properties, timestamp: new Date() };
    await this.#options.send(documents.addEvent, { input }, '"event"');
    const isFirst = !user.events.has(name);
    user.events.add(name);
    const isTracked = trackedEvents.some((each) => each === name);
    return isTracked && isFirst ? this.#expect(user.id, segmentOfEvent(name), 'enterSegment') : [];
  }

  /** @returns the id of the user. */
  async #upsert(input: { uid: string; meta: object }): Promise<string> {
    const answer = await this.#options.send(updateUser, { input }, '"user"');
    const id = decodeIdOf('User', updated.parse(JSON.parse(answer)).data.updateUser.user.id);
    if (id === undefined) throw new Error(`Not a user: ${answer.slice(0, 500)}`);
    return id;
  }

  #expect(userId: string, segment: string, action: Expectation['action']): Expectation[] {
    const segmentId = this.#options.segmentIds.get(segment);
    return segmentId === undefined ? [] : [{ userId, segmentId, action }];
  }

  #nextUser(): WrittenUser {
    for (const _ of this.#users) {
      const user = this.#users[this.#next % this.#users.length];
      this.#next += 1;
      if (user && !user.isBusy) return user;
    }
    throw new Error('All users are being written. Use more --users.');
  }

  /** A value as the fill has it. */
  #value(key: string): string | number | boolean {
    switch (key) {
      case 'plan':
        return this.#pick(['free', 'Pro', 'team', 'business']);
      case 'source':
        return this.#pick(['organic', 'referral', 'ads', 'partner']);
      case 'city':
        return `${this.#pick(['Lagos', 'Lyon', 'Lima', 'Leeds'])} ${this.#random(100)}`;
      case 'company':
        return `Company ${this.#random(5_000)}`;
      case 'reference':
        return `R-${this.#random(2 ** 24).toString(16)}`;
      case 'newsletter':
        return this.#random(2) === 0;
      case 'score':
        return this.#random(100_000) / 10;
      default:
        return 18 + this.#random(60);
    }
  }

  #random(bound: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * bound);
  }

  #pick<Item>(items: readonly Item[]): Item {
    const item = items[this.#random(items.length)];
    if (item === undefined) throw new Error('Nothing to pick from.');
    return item;
  }
}

/** The share of users to whom writes go; others are for whom windows end. */
const WRITTEN = 0.7;

/** Picks users of the fill for writes, and others for whom windows end. They are scattered over the fill. */
export async function pickUsers(client: Client, workspaceId: string, users: number, due: number) {
  const written = Math.min(MAX_WRITTEN_USERS, Math.floor(users * WRITTEN));
  const numbers = Array.from({ length: written + Math.min(due, users - written) }, (_, place) => place);
  const uids = numbers.map((number) => `u${1 + ((number * SCATTER_STRIDE) % users)}`);
  const { rows } = await client.query<{ id: string; uid: string }>(
    'SELECT id, uid FROM users WHERE workspace_id = $1 AND uid = ANY($2) ORDER BY array_position($2, uid)',
    [workspaceId, uids],
  );
  return { written: rows.slice(0, written), due: rows.slice(written) };
}
