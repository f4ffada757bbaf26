import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import type { Secret } from './redact.js'

const VERSION = 'v1'
const IV_BYTES = 12
const TAG_BYTES = 16

/** Encrypts and authenticates text, and opens what it or an older secret sealed. */
export interface Sealer {
  /**
   * @param text what to hide
   * @param context additional data that must be the same when it is opened
   * @returns letters, digits, `.`, `-` and `_` only
   */
  seal(text: string, context: string): string
  /** Returns the text, or `undefined` when it was changed or sealed for another context or key. */
  open(sealed: string, context: string): string | undefined
  /** Whether the first secret sealed this. */
  isCurrent(sealed: string): boolean
}

interface Key {
  readonly id: string
  readonly bytes: Buffer
}

/**
 * Creates a sealer: AES-256-GCM with a key derived (HKDF, SHA-256) from each secret for one purpose.
 *
 * @param secrets the first seals, all open
 * @param purpose keeps keys of different uses apart
 * @param randomBytes source of the nonces
 */
export function createSealer(
  secrets: readonly Secret[],
  purpose: string,
  randomBytes: (size: number) => Buffer,
): Sealer {
  const keys = secrets.map((secret) => deriveKey(secret, purpose))
  const [first] = keys
  if (!first) throw new TypeError('createSealer needs at least one secret')
  return {
    seal: (text, context) => encrypt(first, text, { context, iv: randomBytes(IV_BYTES) }),
    open: (sealed, context) => {
      const [version, id, text = '', ...rest] = sealed.split('.', 4)
      const key = keys.find((candidate) => candidate.id === id)
      const data = Buffer.from(text, 'base64url')
      // Node decodes leniently; only the one spelling that was written is ours.
      const isCanonical = rest.length === 0 && data.toString('base64url') === text
      if (version !== VERSION || !key || !isCanonical) return undefined
      return decrypt(key, data, context)
    },
    isCurrent: (sealed) => sealed.split('.', 2)[1] === first.id,
  }
}

function deriveKey(secret: Secret, purpose: string): Key {
  const bytes = Buffer.from(
    hkdfSync('sha256', secret.reveal(), '', `procore-auth ${VERSION} ${purpose}`, 32),
  )
  const id = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
  return { id, bytes }
}

function encrypt(key: Key, text: string, { context, iv }: { context: string; iv: Buffer }): string {
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv)
  cipher.setAAD(Buffer.from(context))
  const data = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${VERSION}.${key.id}.${data.toString('base64url')}`
}

function decrypt(key: Key, data: Buffer, context: string): string | undefined {
  if (data.length < IV_BYTES + TAG_BYTES) return undefined
  const iv = data.subarray(0, IV_BYTES)
  const tag = data.subarray(data.length - TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, iv)
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(tag)
  try {
    const body = data.subarray(IV_BYTES, data.length - TAG_BYTES)
    return decipher.update(body, undefined, 'utf8') + decipher.final('utf8')
  } catch {
    // The tag does not fit: changed, or sealed for another context. That is the answer, not a fault.
    return undefined
  }
}
