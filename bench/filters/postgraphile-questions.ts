import { FILL_END } from '../database/ids.ts';
import { listId } from './fill.ts';

/** A question as variables of PostGraphile's `allUsers`, with the operators that ignore case where usergraph does. */
export interface PostGraphileQuestion {
  filter?: Record<string, unknown>;
  /** Before the id. Newest first by default. */
  orderBy?: string[];
}

const inLists = (...lists: number[]) => ({
  listId: lists.length > 1 ? { in: lists.map(listId) } : { equalTo: listId(lists[0] ?? 0) },
});
const listed = (...lists: number[]) => ({ listMembershipsByWorkspaceIdAndUserId: { some: inLists(...lists) } });
const name = (text: string) => ({ name: { equalToInsensitive: text } });
const did = (text: string, more = {}) => ({ eventsByWorkspaceIdAndUserId: { some: { ...name(text), ...more } } });
const never = (text: string) => ({ eventsByWorkspaceIdAndUserId: { none: name(text) } });
const has = (attributes: Record<string, unknown>) => ({ meta: { contains: attributes } });

const DAY = 86_400_000;
const inLast = (days: number) => ({
  timestamp: {
    greaterThanOrEqualTo: new Date(FILL_END - days * DAY).toISOString(),
    lessThan: new Date(FILL_END).toISOString(),
  },
});

const one = 'R-c4ca4238a0';

/**
 * The questions that PostGraphile can express, by name. It cannot count events, compare numbers in JSON, or search texts in JSON;
 * equality in JSON respects case there. Its orders are those of the columns, which are the same for the texts of the benchmark.
 */
export const postgraphileQuestions: Readonly<Record<string, PostGraphileQuestion>> = {
  'uid =': { filter: { uid: { equalToInsensitive: 'U4321' } } },
  'e-mail =, nobody': { filter: { email: { equalToInsensitive: 'nobody@nowhere.example' } } },
  'first name =, 29 %': { filter: { firstName: { equalToInsensitive: 'ADA' } } },
  'last name =, rare': { filter: { lastName: { equalToInsensitive: 'Jojojo' } } },
  'number =, nobody': { filter: { number: { equalToInsensitive: '+1' } } },
  'e-mail starts with, all': { filter: { email: { startsWithInsensitive: 'user.' } } },
  'e-mail starts with, rare': { filter: { email: { startsWithInsensitive: 'User.jojo' } } },
  'last name starts with, 1 %': { filter: { lastName: { startsWithInsensitive: 'wen' } } },
  'e-mail contains, rare': { filter: { email: { includesInsensitive: 'jojojo' } } },
  'first name contains, Cyrillic': { filter: { firstName: { includesInsensitive: 'АНН' } } },
  'attribute =, 70 %': { filter: has({ plan: 'free' }) },
  'attribute =, 1 %': { filter: has({ plan: 'business' }) },
  'attribute =, one user': { filter: has({ reference: one }) },
  'attribute =, nobody': { filter: has({ plan: 'none' }) },
  'attribute in, rare': {
    filter: { or: ['Lagos 99', 'Lyon 98', 'Москва 97'].map((city) => has({ city })) },
  },
  'attribute number =': { filter: has({ age: 44 }) },
  'attribute boolean =': { filter: has({ newsletter: true }) },
  'attribute exists, 1 of 10,000': { filter: { meta: { containsKey: 'beta' } } },
  'attribute exists, nobody': { filter: { meta: { containsKey: 'gamma' } } },
  'list, 60 %': { filter: listed(1) },
  'list, 5.5 %': { filter: listed(2) },
  'list, 23 members': { filter: listed(3) },
  'one of two lists': { filter: listed(2, 3) },
  'not in a list': { filter: { listMembershipsByWorkspaceIdAndUserId: { none: inLists(1) } } },
  'segment, suppressed': {
    filter: {
      segmentMembershipsByWorkspaceIdAndUserId: {
        some: { segmentId: { equalTo: listId(2) }, suppressed: { equalTo: false } },
      },
    },
  },
  'done, common': { filter: did('opened app') },
  'done, 20 events': { filter: did('Cancelled') },
  'done, nobody': { filter: did('Nothing') },
  'done in 7 days': { filter: did('Paid', inLast(7)) },
  'never done, common event': { filter: never('Opened app') },
  'never done, rare event': { filter: never('Cancelled') },
  'done and attribute, both common': { filter: { and: [did('Paid'), has({ plan: 'free' })] } },
  'done and attribute of one user': { filter: { and: [did('Opened app'), has({ reference: one })] } },
  'large list and rare event': { filter: { and: [listed(1), did('Cancelled')] } },
  'rare event or rare attribute': { filter: { or: [did('Cancelled'), has({ reference: one })] } },
  'small list or rare event or e-mail': {
    filter: { or: [listed(3), did('Cancelled'), { email: { startsWithInsensitive: 'user.jojo' } }] },
  },
  'large list and (rare event or rare attribute)': {
    filter: { and: [listed(1), { or: [did('Cancelled'), has({ reference: one })] }] },
  },
  'common event or common attribute': { filter: { or: [did('Paid'), has({ plan: 'free' })] } },
  'order: created': { orderBy: ['CREATED_AT_ASC', 'ROW_ID_ASC'] },
  'order: updated, descending': { orderBy: ['UPDATED_AT_DESC', 'ROW_ID_DESC'] },
  'order: uid': { orderBy: ['UID_ASC', 'ROW_ID_ASC'] },
  'order: e-mail': { orderBy: ['EMAIL_ASC', 'ROW_ID_ASC'] },
  'order: first name': { orderBy: ['FIRST_NAME_ASC', 'ROW_ID_ASC'] },
  'order: last name': { orderBy: ['LAST_NAME_ASC', 'ROW_ID_ASC'] },
};
