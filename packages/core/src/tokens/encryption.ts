import { ProcoreAuthError } from '../errors.js'
import type { Sealer } from '../seal.js'

/** Turns what a row holds into what is stored, and back. The key of the row takes part in it. */
export interface RowCipher {
  seal(key: string, text: string): string
  /** @throws {ProcoreAuthError} `ERR_PROCORE_STORE_KEY_MISMATCH` */
  open(key: string, stored: string): string
  /** Whether a row opens, and is stored as it would be stored today. */
  isCurrent(key: string, stored: string): boolean
}

/** A sealed row says so, so that nothing has to be guessed. What is not sealed is JSON. */
const ENVELOPE = 'sealed:'

/**
 * Creates the encryption of rows: AES-256-GCM with the row's key as additional data, so that a row
 * that was moved to another key does not open. Keys, generations and leases stay legible.
 *
 * @param sealer of the secrets; without one, rows are plain text
 * @param acceptsPlaintext whether rows from before there was a secret are read; they are sealed with
 *   their next write
 */
export function createRowCipher(
  sealer: Sealer | undefined,
  { acceptsPlaintext }: { readonly acceptsPlaintext: boolean },
): RowCipher {
  const isSealed = (stored: string): boolean => stored.startsWith(ENVELOPE)
  if (!sealer) {
    return {
      seal: (_key, text) => text,
      open: (_key, stored) => {
        if (isSealed(stored)) throw mismatch('it is encrypted, and there is no secret: set one')
        return stored
      },
      isCurrent: (_key, stored) => !isSealed(stored),
    }
  }
  return {
    seal: (key, text) => ENVELOPE + sealer.seal(text, key),
    open: (key, stored) => {
      if (!isSealed(stored)) {
        if (acceptsPlaintext) return stored
        throw mismatch(
          'it is not encrypted: set acceptPlaintextGrants to take over rows from before there was a secret',
        )
      }
      const text = sealer.open(stored.slice(ENVELOPE.length), key)
      if (text !== undefined) return text
      throw mismatch(
        'no secret opens it: it was sealed by another one (add that one after the first), cut short, or moved from another key',
      )
    },
    isCurrent: (key, stored) => {
      const sealed = stored.slice(ENVELOPE.length)
      // One that was cut short or moved has the right key id too.
      return isSealed(stored) && sealer.isCurrent(sealed) && sealer.open(sealed, key) !== undefined
    },
  }
}

function mismatch(why: string): ProcoreAuthError {
  return new ProcoreAuthError(
    'ERR_PROCORE_STORE_KEY_MISMATCH',
    `A stored grant was left untouched, because ${why}`,
  )
}
