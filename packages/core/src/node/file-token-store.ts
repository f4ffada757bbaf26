import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../clock.js'
import type { StoredRecord, TokenStore } from '../tokens/store.js'
import { createCell, readCell, removeCell, replaceCell, tryUntilKnown } from './file-cell.js'
import {
  assertPresent,
  createDirectory,
  type FileStoreLayout,
  layoutOf,
  prepareDirectory,
  someOf,
  sweepTemporary,
} from './file-directory.js'
import { corrupted, decodeEnvelope, type Envelope, encodeEnvelope } from './file-envelope.js'
import { unless } from './file-system.js'

/** Options of {@link FileTokenStore}. */
export interface FileTokenStoreOptions {
  /**
   * Where the files are kept: a directory of its own, on a local disk, shared by all processes of one
   * machine. It is created with mode 0700; one that is there already has to be 0700 and this user's.
   */
  readonly directory: string
  /** Measures leases; default the machine's clock. */
  readonly clock?: Pick<Clock, 'now'>
}

/** A cell that was read and understood. */
interface Entry {
  readonly version: string
  readonly content: Envelope
}

/** The name of a cell; whatever else is in a directory was put there by somebody else. */
const CELL = /^[0-9a-f]{64}$/
/** How many leases each acquisition looks at to remove what has ended. It adds one at most. */
const SWEEP_SIZE = 4

/**
 * Keeps grants in files: for command lines, cron jobs and agents on one machine. Many processes may
 * share a directory. Needs POSIX (Linux, macOS) and a local disk: no NFS, no folder of a cloud drive.
 *
 * Nobody ever waits for a lock, so neither a process that is killed nor one that is stopped gets into
 * anyone's way; `file-cell.ts` says why that is safe. Keys are never part of a path, only their
 * SHA-256. Files have mode 0600 and are on the disk when a call returns. A damaged file makes calls
 * reject and stays as it is.
 *
 * @example
 * ```ts
 * import { homedir } from 'node:os'
 * import { join } from 'node:path'
 * import { FileTokenStore } from '@procore-auth/core/node'
 *
 * const tokenStore = new FileTokenStore({ directory: join(homedir(), '.my-app', 'procore') })
 * ```
 */
export class FileTokenStore implements TokenStore {
  readonly #layout: FileStoreLayout
  readonly #clock: Pick<Clock, 'now'>
  #preparing: Promise<void> | undefined

  constructor(options: FileTokenStoreOptions) {
    this.#layout = layoutOf(resolve(options.directory))
    this.#clock = options.clock ?? { now: () => Date.now() }
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    await this.#prepare()
    const entry = await this.#read(this.#recordCell(key), key)
    if (!entry) return undefined
    const { generation, value } = entry.content
    if (typeof generation === 'string' && typeof value === 'string') return { generation, value }
    throw corrupted(this.#recordCell(key))
  }

  async put(key: string, record: StoredRecord, replaces: string | undefined): Promise<boolean> {
    const { generation, value } = record
    const cell = this.#recordCell(key)
    await this.#prepare()
    return tryUntilKnown(async () => {
      const stored = await this.#read(cell, key)
      if (stored?.content['generation'] !== replaces) return false
      return this.#write(cell, stored, { key, generation, value })
    })
  }

  async delete(key: string, generation: string): Promise<boolean> {
    const cell = this.#recordCell(key)
    await this.#prepare()
    return tryUntilKnown(async () => {
      const stored = await this.#read(cell, key)
      if (stored?.content['generation'] !== generation) return false
      return (await removeCell(cell, this.#layout.temporary, stored.version)) || undefined
    })
  }

  async acquireLease(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const cell = this.#leaseCell(name)
    await this.#prepare()
    await createDirectory(dirname(cell))
    await this.#sweepLeases(dirname(cell))
    return tryUntilKnown(async () => {
      const held = await this.#read(cell, name)
      if (held && held.content['owner'] !== owner && !this.#hasEnded(held.content)) return false
      const expiresAt = this.#clock.now() + ttlMs
      return this.#write(cell, held, { key: name, owner, expiresAt })
    })
  }

  async releaseLease(name: string, owner: string): Promise<void> {
    const cell = this.#leaseCell(name)
    await this.#prepare()
    await tryUntilKnown(async () => {
      const held = await this.#read(cell, name)
      if (held?.content['owner'] !== owner) return false
      return (await removeCell(cell, this.#layout.temporary, held.version)) || undefined
    })
  }

  async *list(prefix: string): AsyncIterable<string> {
    await this.#prepare()
    for (const name of await readdir(this.#layout.records)) {
      if (!CELL.test(name)) continue
      const key = (await this.#read(join(this.#layout.records, name)))?.content.key
      if (key?.startsWith(prefix)) yield key
    }
  }

  /** Checks the directory once; after a failure, again. */
  async #prepare(): Promise<void> {
    this.#preparing ??= prepareDirectory(this.#layout)
    try {
      await this.#preparing
    } catch (error) {
      this.#preparing = undefined
      throw error
    }
  }

  #recordCell(key: string): string {
    return join(this.#layout.records, hash(key))
  }

  /** Leases are spread over directories, so that sweeping one of them is little work. */
  #leaseCell(name: string): string {
    return join(this.#layout.leases, hash(name).slice(0, 2), hash(name))
  }

  /** Reads a cell and checks that it is the one of this key. */
  async #read(cell: string, key?: string): Promise<Entry | undefined> {
    const version = await readCell(cell)
    if (!version) {
      await assertPresent(this.#layout)
      return undefined
    }
    const content = decodeEnvelope(version.text, cell)
    if (key !== undefined && content.key !== key) throw corrupted(cell)
    return { version: version.name, content }
  }

  /** Returns true, or `undefined` when another process was faster. */
  async #write(
    cell: string,
    replaces: Entry | undefined,
    content: Envelope,
  ): Promise<true | undefined> {
    const text = encodeEnvelope(content)
    if (replaces) return (await replaceCell(cell, replaces.version, text)) || undefined
    await sweepTemporary(this.#layout)
    return (await createCell(cell, this.#layout.temporary, text)) || undefined
  }

  #hasEnded(lease: Envelope): boolean {
    return !(Number(lease['expiresAt']) > this.#clock.now())
  }

  async #sweepLeases(directory: string): Promise<void> {
    const names = (await readdir(directory)).filter((name) => CELL.test(name))
    for (const name of someOf(names, SWEEP_SIZE)) {
      const cell = join(directory, name)
      const held = await unless(['ERR_PROCORE_STORE_CORRUPTED'], this.#read(cell))
      if (held && this.#hasEnded(held.content)) {
        await removeCell(cell, this.#layout.temporary, held.version)
      }
    }
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
