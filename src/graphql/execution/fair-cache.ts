/** The largest part of the cache that one entry may take. */
const MAX_ENTRY_SHARE = 1 / 16;

interface Entry<Key, Value> {
  key: Key;
  value: Value;
  bytes: number;
  owner: Owner<Key, Value>;
}

/** An owner of entries, such as a workspace, with the bytes that count for it. */
interface Owner<Key, Value> {
  name: string;
  bytes: number;
  /** Least recently used first. */
  entries: Set<Entry<Key, Value>>;
}

/**
 * An LRU cache that is limited by the size of its entries and shared fairly by their owners: when it is full, the owner whose
 * entries take the most bytes loses its least recently used entry. An owner that keeps adding entries evicts only its own,
 * and each of n owners can keep an n-th of the cache.
 */
export class FairCache<Key, Value> {
  readonly maxBytes: number;
  #bytes = 0;
  readonly #entries = new Map<Key, Entry<Key, Value>>();
  readonly #owners = new Map<string, Owner<Key, Value>>();

  /** @param maxBytes of all entries; 0: nothing is cached. */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes of all entries. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** Whether an entry of this size is small enough to be cached. */
  accepts(bytes: number): boolean {
    return bytes <= this.maxBytes * MAX_ENTRY_SHARE;
  }

  /** Finds an entry and marks it as used. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const { entries } = entry.owner;
    entries.delete(entry);
    entries.add(entry);
    return entry.value;
  }

  /** Adds or replaces an entry, unless it is too large. @param ownerName the owner that the bytes count for. */
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
    while (this.#bytes > this.maxBytes) this.#evict();
  }

  #evict(): void {
    let largest: Owner<Key, Value> | undefined;
    for (const owner of this.#owners.values()) if (owner.bytes > (largest?.bytes ?? 0)) largest = owner;
    const [oldest] = largest?.entries ?? [];
    if (!oldest) throw new Error('The cache has bytes but no entries.');
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
