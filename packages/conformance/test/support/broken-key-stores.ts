import type { StoredRecord } from '@procore-auth/core'
import { SoundStore } from './sound-store.js'

/** Changes every key and every name of a lease before it uses it. */
class ChangesKeys extends SoundStore {
  readonly #change: (key: string) => string

  constructor(change: (key: string) => string) {
    super()
    this.#change = change
  }

  override get(key: string): Promise<StoredRecord | undefined> {
    return super.get(this.#change(key))
  }

  override async put(
    key: string,
    record: StoredRecord,
    replaces: string | undefined,
  ): Promise<boolean> {
    return super.put(this.#change(key), record, replaces)
  }

  override async delete(key: string, generation: string): Promise<boolean> {
    return super.delete(this.#change(key), generation)
  }

  override async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    return super.acquireLease(this.#change(name), owner, ttlMs)
  }

  override async releaseLease(name: string, owner: string): Promise<void> {
    return super.releaseLease(this.#change(name), owner)
  }

  override list(prefix: string): AsyncIterable<string> {
    return super.list(this.#change(prefix))
  }
}

/** Takes capital letters for small ones. */
export const foldsCase = (): SoundStore => new ChangesKeys((key) => key.toLowerCase())
/** Drops white space at the end. */
export const trimsKeys = (): SoundStore => new ChangesKeys((key) => key.trimEnd())
/** Cuts keys at a NUL. */
export const cutsAtNul = (): SoundStore => new ChangesKeys((key) => key.replace(/\0.*$/s, ''))
/** Normalises keys. */
export const normalisesKeys = (): SoundStore => new ChangesKeys((key) => key.normalize('NFC'))
/** Cuts keys at 255 characters. */
export const cutsKeys = (): SoundStore => new ChangesKeys((key) => key.slice(0, 255))

/** Lists what matches a pattern of SQL. */
export class ListsLike extends SoundStore {
  override async *list(prefix: string): AsyncIterable<string> {
    const source = prefix
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('%', '.*')
      .replaceAll('_', '.')
    const pattern = new RegExp(`^${source}`, 's')
    for (const key of [...this.records.keys()]) if (pattern.test(key)) yield key
  }
}

/** Lists up to a last key that is not the last. */
export class ListsToTilde extends SoundStore {
  override async *list(prefix: string): AsyncIterable<string> {
    for (const key of [...this.records.keys()]) {
      if (key >= prefix && key < `${prefix}\uffff`) yield key
    }
  }
}

/** Lists one page. */
export class ListsOnePage extends SoundStore {
  override async *list(prefix: string): AsyncIterable<string> {
    let count = 0
    for await (const key of super.list(prefix)) {
      count += 1
      if (count <= 1_000) yield key
    }
  }
}

/** Lists leases too. */
export class ListsLeases extends SoundStore {
  override async *list(prefix: string): AsyncIterable<string> {
    yield* super.list(prefix)
    for (const name of this.leases.keys()) if (name.startsWith(prefix)) yield name
  }
}

/** Loses its place when a key is deleted on the way. */
export class ListsByPosition extends SoundStore {
  override async *list(prefix: string): AsyncIterable<string> {
    for (let position = 0; ; position += 1) {
      const key = [...this.records.keys()].filter((each) => each.startsWith(prefix))[position]
      if (key === undefined) return
      yield key
    }
  }
}
