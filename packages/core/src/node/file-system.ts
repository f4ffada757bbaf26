import { type FileHandle, open, rm } from 'node:fs/promises'

/** Only the user that the process runs as may read and write. */
const FILE_MODE = 0o600

/** Whether an error of the file system has one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** Returns what a call brings, or `undefined` when it fails with one of these codes. */
export async function unless<Result>(
  codes: readonly string[],
  call: Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await call
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined
    throw error
  }
}

/** Writes a file that must not be there yet, and returns when the disk has it. */
export async function writeNewFile(path: string, text: string): Promise<void> {
  await withFile(path, 'wx', async (file) => {
    await file.writeFile(text)
    await file.sync()
  })
}

/** Reads a file. One that others may read is closed to them again. */
export function readPrivateFile(path: string): Promise<string> {
  return withFile(path, 'r', async (file) => {
    const { mode } = await file.stat()
    if (mode & 0o077) await file.chmod(FILE_MODE)
    return file.readFile('utf8')
  })
}

/** Returns when the disk knows the names in a directory. */
export function syncDirectory(path: string): Promise<void> {
  return withFile(path, 'r', (directory) => directory.sync())
}

/** Removes a directory that nobody needs; others may be removing it at the same time. */
export async function discard(path: string): Promise<void> {
  await unless(['ENOENT', 'ENOTEMPTY'], rm(path, { recursive: true, force: true }))
}

async function withFile<Result>(
  path: string,
  flags: 'r' | 'wx',
  work: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, flags, FILE_MODE)
  try {
    return await work(file)
  } finally {
    await file.close()
  }
}
