import { pathToFileURL } from 'node:url'
import Database from 'libsql'

/** Opens a SqliteTokenStore of a compiled package. */
export async function openStore(compiled, file) {
  const { SqliteTokenStore } = await import(pathToFileURL(`${compiled}/index.js`).href)
  return new SqliteTokenStore(new Database(file), { busyTimeoutMs: 30_000 })
}
