import { createHash } from 'node:crypto'

/** What a file holds: the text it is about, and named texts or numbers. */
export interface Envelope {
  /** The key of a record or the name of a lease; the name of the file tells only its hash. */
  readonly key: string
  readonly [field: string]: string | number
}

/** Writes the content of a file, with a checksum in front. */
export function encodeEnvelope(envelope: Envelope): string {
  const body = JSON.stringify({ v: 1, ...envelope })
  return `${checksum(body)}\n${body}\n`
}

/**
 * Reads the content of a file.
 *
 * @throws {Error} with `code` `ERR_PROCORE_STORE_CORRUPTED` when it is not what was written
 */
export function decodeEnvelope(text: string, path: string): Envelope {
  const [sum, body = ''] = text.split('\n', 2)
  if (sum !== checksum(body) || !text.endsWith('\n')) throw corrupted(path)
  const value: unknown = JSON.parse(body)
  if (!isEnvelope(value)) throw corrupted(path)
  return value
}

/** Returns the error for a file that is not what was written. It quotes nothing of the file. */
export function corrupted(path: string): Error {
  const error = new Error(
    `${path} is damaged. It was left untouched: restore it, or delete it and sign in again`,
  )
  return Object.assign(error, { code: 'ERR_PROCORE_STORE_CORRUPTED' })
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null) return false
  return 'v' in value && value.v === 1 && 'key' in value && typeof value.key === 'string'
}
