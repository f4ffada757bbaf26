import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** Returns a function that names a new database file, in a directory that is removed in the end. */
export function newFiles(): () => string {
  const directory = mkdtempSync(join(tmpdir(), 'procore-sqlite-'))
  afterAll(() => rmSync(directory, { recursive: true }), 60_000)
  let count = 0
  return () => {
    count += 1
    return join(directory, `${count}.db`)
  }
}
