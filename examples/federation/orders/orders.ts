/** Something that a user has bought. */
export interface Order {
  id: string;
  item: string;
  /** US dollars. */
  total: number;
  user: { uid: string };
}

const ITEMS = ['Wool throw', 'Desk lamp', 'Espresso cups', 'Linen shirt', 'Hiking socks'];

/** The order with an id, `<uid>-<number>`; made up, but always the same. */
export function orderOf(id: string): Order | null {
  const [, uid, number] = /^(.+)-([1-3])$/.exec(id) ?? [];
  if (uid === undefined || number === undefined) return null;
  const seed = [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return { id, item: ITEMS[seed % ITEMS.length] ?? 'Gift card', total: (seed % 97) + 0.99, user: { uid } };
}

/** What a user has bought, the newest first. */
export function ordersOf(uid: string): Order[] {
  return [3, 2, 1].flatMap((number) => orderOf(`${uid}-${number}`) ?? []);
}
