import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { discard, hasCode, syncDirectory, unless } from './file-system.js'

/** The directories of a store. */
export interface FileStoreLayout {
  readonly root: string
  readonly records: string
  readonly leases: string
  readonly temporary: string
}

/** After this time what was prepared belongs to a process that died. */
const ABANDONED_AFTER_MS = 60 * 60_000
/** How many entries one call looks at. */
const SWEEP_SIZE = 4

/** Names the directories of a store. */
export function layoutOf(root: string): FileStoreLayout {
  return {
    root,
    records: join(root, 'records'),
    leases: join(root, 'leases'),
    temporary: join(root, 'temporary'),
  }
}

/**
 * Creates the directories that are missing, for this user alone. A directory that was there already
 * is not changed: it may be somebody's.
 *
 * @throws {Error} `ERR_PROCORE_STORE_DIRECTORY` when others may enter it or it is another user's
 */
export async function prepareDirectory(layout: FileStoreLayout): Promise<void> {
  if (process.platform === 'win32') {
    throw unsuitable('FileTokenStore needs the file modes and renames of POSIX: use another store')
  }
  await mkdir(layout.root, { recursive: true, mode: 0o700 })
  const { mode, uid } = await stat(layout.root)
  if (uid !== process.geteuid?.()) {
    throw unsuitable(`${layout.root} belongs to another user: choose a directory of your own`)
  }
  if (mode & 0o077) {
    throw unsuitable(`${layout.root} is open to others: choose another, or chmod 700 it`)
  }
  for (const part of [layout.records, layout.leases, layout.temporary]) await createDirectory(part)
}

/** Creates a directory in one that is there, unless it is there already. */
export async function createDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return
    throw error
  }
  await syncDirectory(dirname(path))
}

/** Checks that a directory that was prepared is still there, so that nothing found means nothing. */
export async function assertPresent(layout: FileStoreLayout): Promise<void> {
  await stat(layout.records)
}

/** Removes a little of what processes that died have left behind. */
export async function sweepTemporary({ temporary }: FileStoreLayout): Promise<void> {
  for (const name of someOf(await readdir(temporary), SWEEP_SIZE)) {
    const path = join(temporary, name)
    const { mtimeMs = Number.POSITIVE_INFINITY } = (await unless(['ENOENT'], stat(path))) ?? {}
    const abandoned = Date.now() - mtimeMs > ABANDONED_AFTER_MS
    if (!abandoned && !name.startsWith('trash-')) continue
    // Renamed first, so that one who wakes up late cannot put half of it in place.
    const trash = join(temporary, `trash-${randomBytes(16).toString('hex')}`)
    await unless(['ENOENT'], rename(path, trash))
    await discard(trash)
  }
}

/** Picks a few at random. */
export function someOf<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items]
  const start = randomBytes(4).readUInt32BE() % items.length
  return [...items, ...items].slice(start, start + count)
}

function unsuitable(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_PROCORE_STORE_DIRECTORY' })
}
