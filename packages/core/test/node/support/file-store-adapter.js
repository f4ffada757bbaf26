import { pathToFileURL } from 'node:url'

/** Opens a FileTokenStore of a compiled package. */
export async function openStore(compiled, directory) {
  const { FileTokenStore } = await import(
    pathToFileURL(`${compiled}/node/file-token-store.js`).href
  )
  return new FileTokenStore({ directory })
}
