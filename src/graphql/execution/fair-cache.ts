/** An entry is not kept if it weighs more than this part of the cache. */
const MAX_PART = 1 / 16;

interface Entry<Key, Value> {
  key: Key;
  value: Value;
  bytes: number;
  owner: Owner<Key, Value>;
}

/** Those who share the cache. Their entries are in the order of their last use. */
interface Owner<Key, Value> {
  name: string;
  bytes: number;
  entries: Set<Entry<Key, Value>>;
}

/**
 * A cache that is bounded by the weight of its entries and shared fairly by those who fill it: if there is no room, the owner
 * whose entries weigh most loses the one that was not used for the longest time. So a caller who adds entries without end
 * only replaces their own, and each of n owners can keep an n-th of the cache.
 */
export class FairCache<Key, Value> {
  readonly maxBytes: number;
  #bytes = 0;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  readonly #owners = new Map<string, Owner<Key, Value>>();

  /** @param maxBytes weight of all entries; 0: nothing is cached. */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** The weight of all entries. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether an entry of this weight would be kept. */
  accepts(bytes: number): boolean {
    return bytes <= this.maxBytes * MAX_PART;
  }

  /** Finds an entry, and marks it as used. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const { entries } = entry.owner;
    entries.delete(entry);
    entries.add(entry);
    return entry.value;
  }

  /** Adds or replaces an entry, unless it weighs too much. @param ownerName who loses an entry if there is no room. */
  set(key: Key, value: Value, bytes: number, ownerName: string): void {
    const replaced = this.#entries.get(key);
    if (replaced) this.#remove(replaced);
    if (!this.accepts(bytes)) return;
    const owner = this.#owners.get(ownerName) ?? { name: ownerName, bytes: 0, entries: new Set() };
    this.#owners.set(ownerName, owner);
    const entry = { key, value, bytes, owner };
    this.#entries.set(key, entry);
    owner.entries.add(entry);
    owner.bytes += bytes;
    this.#bytes += bytes;
    while (this.#bytes > this.maxBytes) this.#removeFromHeaviest();
  }

  #removeFromHeaviest(): void {
    let heaviest: Owner<Key, Value> | undefined;
    for (const owner of this.#owners.values()) if (owner.bytes > (heaviest?.bytes ?? 0)) heaviest = owner;
    const [oldest] = heaviest?.entries ?? [];
    if (!oldest) throw new Error('A cache without entries weighs something.');
    this.#remove(oldest);
  }

  #remove(entry: Entry<Key, Value>): void {
    const { key, bytes, owner } = entry;
    this.#entries.delete(key);
    owner.entries.delete(entry);
    owner.bytes -= bytes;
    this.#bytes -= bytes;
    if (owner.entries.size === 0) this.#owners.delete(owner.name);
  }
}
