/** A map behind one signal: every change replaces it, so whoever read anything of it hears of every change. */

export class Shelf<K, V> {
  #map = $state.raw<ReadonlyMap<K, V>>(new Map());

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  keys(): MapIterator<K> {
    return this.#map.keys();
  }

  values(): MapIterator<V> {
    return this.#map.values();
  }

  set(key: K, value: V): void {
    if (this.#map.get(key) !== value) this.#map = new Map(this.#map).set(key, value);
  }

  /** Sets many entries with one change. */
  setAll(entries: Iterable<readonly [K, V]>): void {
    this.#map = new Map([...this.#map, ...entries]);
  }

  /** Returns whether there was something to delete. */
  delete(key: K): boolean {
    if (!this.#map.has(key)) return false;
    const next = new Map(this.#map);
    next.delete(key);
    this.#map = next;
    return true;
  }
}
