import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect } from 'vitest'
import { FileTokenStore } from '../../../src/node/index.js'

/** A new directory for each test, with a store in it whose clock can be moved. */
export interface FileBench {
  store: FileTokenStore
  directory: string
  /** Epoch milliseconds. */
  now: number
  /** Returns the paths of all files in the store, or in a part of it. */
  files(part?: string): string[]
  /** Returns the path of the only file in the store. */
  onlyFile(): string
  /** Returns all keys in the store. */
  listed(): Promise<string[]>
}

/** Sets up a bench before each test. */
export function fileBench(): FileBench {
  const base = mkdtempSync(join(tmpdir(), 'procore-file-store-'))
  afterAll(() => rmSync(base, { recursive: true }), 60_000)
  const bench: FileBench = {
    store: new FileTokenStore({ directory: base }),
    directory: base,
    now: 0,
    files: (part = '') =>
      readdirSync(join(bench.directory, part), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    onlyFile: () => {
      const [file = '', ...others] = bench.files()
      expect(others).toEqual([])
      return file
    },
    listed: async () => {
      const keys: string[] = []
      for await (const key of bench.store.list('')) keys.push(key)
      return keys
    },
  }
  beforeEach(() => {
    bench.now = 1_000_000
    bench.directory = join(mkdtempSync(join(base, 'test-')), 'some', 'store')
    bench.store = new FileTokenStore({
      directory: bench.directory,
      clock: { now: () => bench.now },
    })
  })
  return bench
}

/** Returns names of leases that the store keeps in the same part, and so sweeps together. */
export function namesOfOnePart(count: number): string[] {
  const names: string[] = []
  for (let index = 0; names.length < count; index += 1) {
    const name = `lease ${index}`
    if (createHash('sha256').update(name).digest('hex').startsWith('00')) names.push(name)
  }
  return names
}
