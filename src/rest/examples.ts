import type { Example } from './operation.ts';

/** The user object of the seed document, "The User object". */
export const exampleUser = {
  id: '0176f50e-e282-7383-8ffa-b83c2458bb2a',
  uid: 'a.jinadu@somecorp.email',
  uid_updateable: true,
  first_name: 'Akinyele',
  last_name: 'Jinadu',
  number: null,
  email: 'a.jinadu@somecorp.email',
  devices: [],
  lists: [],
  segments: [],
  meta: { plan: 'pro', age: 34 },
  created_at: '2021-01-12T05:24:39.062+00:00',
};

/** What the seed document's example of a creation sends, but for the uid's name there; the public key sees no more. */
export const createdUserAsSent = {
  uid: 'u144',
  first_name: 'Akinyele',
  last_name: 'Jinadu',
  email: 'a.jinadu@somecorp.email',
  meta: { plan: 'pro', age: 34 },
  created_at: '2021-01-12T05:24:39.062+00:00',
};

/** The same user, as the owner of the key sees them. */
export const createdUser = {
  id: '01a207b0-3b9e-77eb-a202-9ade15d3ea6b',
  ...createdUserAsSent,
  number: null,
  devices: [],
  lists: [],
  segments: [],
};

export const userExamples: Record<string, Example> = {
  user: { summary: 'A user who came from an integration', value: exampleUser },
};

export const okExamples: Record<string, Example> = { ok: { summary: 'Done', value: { status: 'ok' } } };
