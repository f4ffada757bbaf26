import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rmdir, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { corrupted } from './file-envelope.js'
import {
  discard,
  hasCode,
  readPrivateFile,
  syncDirectory,
  unless,
  writeNewFile,
} from './file-system.js'

/**
 * A cell is a place for one text that changes by compare-and-set, in every process at once, without
 * a lock. It is a directory with one directory in it, the *version*, whose name is never used twice:
 *
 *     <cell>/<version>/<version>      the text is the file named as its directory
 *
 * - **To change it**, the next text is written into the directory of the version it replaces, as a
 *   file named as the next version; then that directory is renamed to the next version. `rename` is
 *   atomic and fails when its source is gone, and a source that is gone never comes back. So of all
 *   who replace a version exactly one succeeds, whenever they were stopped and woken. Whoever is
 *   killed before the rename has changed nothing, after it everything: there is nothing to repair,
 *   nothing to take over, and no clock to trust.
 * - **To create it**, a whole cell is prepared elsewhere and renamed to its place, which fails when a
 *   cell with a version is there.
 * - **To remove it**, the version is renamed out of the cell, which fails when it is not the current
 *   one.
 * - **To read it**, the version is looked up and its file is read. When the file is gone, a writer
 *   was faster, and the next look finds its version.
 */
export interface Version {
  /** `<id of the version before>.<own id>`. */
  readonly name: string
  readonly text: string
}

const VERSION = /^([0-9a-f]{32})\.([0-9a-f]{32})$/

/** Attempts of one change. Each one that fails means that another process has changed something. */
const ATTEMPTS = 1_000
/** How often an empty cell is looked at before it counts as empty: not all systems list atomically. */
const LOOKS_AT_EMPTY = 3

/**
 * Reads a cell; never waits for a writer.
 *
 * @returns `undefined` when there is none
 * @throws {Error} when the cell is damaged
 */
export async function readCell(cell: string): Promise<Version | undefined> {
  const missed = new Set<string>()
  for (let empty = 0; empty < LOOKS_AT_EMPTY; ) {
    const names = await unless(['ENOENT'], readdir(cell))
    if (!names) return undefined
    const versions = names.filter((name) => VERSION.test(name))
    if (versions.length === 0) empty += 1
    for (const name of versions) {
      // A version that was there, had no file, and is still there: no writer leaves that behind.
      if (missed.has(name)) throw corrupted(join(cell, name))
      const text = await unless(['ENOENT'], readPrivateFile(join(cell, name, name)))
      if (text !== undefined) return { name, text }
      missed.add(name)
    }
  }
  return undefined
}

/**
 * Replaces a version by the next one.
 *
 * @returns false when it is no longer the current one
 */
export async function replaceCell(cell: string, version: string, text: string): Promise<boolean> {
  const next = `${ownId(version)}.${newId()}`
  const prepared = join(cell, version, next)
  try {
    await writeNewFile(prepared, text)
    await syncDirectory(join(cell, version))
    await rename(join(cell, version), join(cell, next))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    await unless(['ENOENT'], unlink(prepared))
    throw error
  }
  await syncDirectory(cell)
  await removeLeftovers(join(cell, next))
  return true
}

/**
 * Creates a cell.
 *
 * @param temporary a directory of the same file system to prepare it in
 * @returns false when there is one
 */
export async function createCell(cell: string, temporary: string, text: string): Promise<boolean> {
  const name = `${newId()}.${newId()}`
  const prepared = join(temporary, `new-${newId()}`)
  const version = join(prepared, name)
  try {
    await mkdir(version, { recursive: true, mode: 0o700 })
    await writeNewFile(join(version, name), text)
    await syncDirectory(version)
    await syncDirectory(prepared)
    await rename(prepared, cell)
  } catch (error) {
    await discard(prepared)
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false
    throw error
  }
  await syncDirectory(dirname(cell))
  return true
}

/**
 * Removes a cell.
 *
 * @param temporary a directory of the same file system to put it in meanwhile
 * @returns false when the version is no longer the current one
 */
export async function removeCell(
  cell: string,
  temporary: string,
  version: string,
): Promise<boolean> {
  const trash = join(temporary, `trash-${newId()}`)
  try {
    await rename(join(cell, version), trash)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
  await unless(['ENOENT'], syncDirectory(cell))
  // Whoever creates the cell again meanwhile makes it a directory that is not empty.
  await unless(['ENOENT', 'ENOTEMPTY', 'EEXIST'], rmdir(cell))
  await discard(trash)
  return true
}

/**
 * Tries a change until it is known how it ended.
 *
 * @param attempt resolves to `undefined` when another process was faster
 */
export async function tryUntilKnown(attempt: () => Promise<boolean | undefined>): Promise<boolean> {
  for (let count = 0; count < ATTEMPTS; count += 1) {
    const result = await attempt()
    if (result !== undefined) return result
  }
  const error = new Error('the files change faster than they can be written')
  throw Object.assign(error, { code: 'EAGAIN' })
}

/** Removes what earlier versions left and what those who came second had prepared. */
async function removeLeftovers(version: string): Promise<void> {
  const name = basename(version)
  const names = (await unless(['ENOENT'], readdir(version))) ?? []
  for (const each of names) {
    const preparesNext = each.startsWith(`${ownId(name)}.`)
    if (each !== name && !preparesNext) await unless(['ENOENT'], unlink(join(version, each)))
  }
}

function ownId(version: string): string {
  return VERSION.exec(version)?.[2] ?? ''
}

function newId(): string {
  return randomBytes(16).toString('hex')
}
