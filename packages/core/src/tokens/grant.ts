import { ProcoreAuthError } from '../errors.js'
import { Secret } from '../redact.js'
import type { ProcoreUser, TokenSet } from '../token-set.js'
import type { StoredRecord } from './store.js'

/** Why and since when a grant no longer works. */
export interface ReauthorizationMark {
  /**
   * `invalid_grant`: Procore rejects the refresh token. `lost-response`: an earlier refresh was sent, and
   * its answer, with the pair that is valid now, never arrived.
   */
  readonly reason: string
  /** Epoch milliseconds. */
  readonly since: number
}

/** What was given for one principal: a token pair and what belongs to it. */
export interface Grant {
  /** Names this pair; every new pair has a new one. */
  readonly generation: string
  readonly principal: string
  readonly tokens: TokenSet
  /** Absent for a service account. */
  readonly user: ProcoreUser | undefined
  /** The redirect URI that the grant was given through. */
  readonly redirectUri: string | undefined
  /**
   * Set before a refresh is sent, and gone with the pair it brings: where it is found, somebody began
   * and did not end.
   */
  readonly refreshPending: { readonly since: number } | undefined
  readonly reauthorization: ReauthorizationMark | undefined
}

/** Writes a grant for the store: the one place where tokens become text. */
export function encodeGrant(grant: Grant): StoredRecord {
  const { tokens } = grant
  return {
    generation: grant.generation,
    value: JSON.stringify({
      v: 1,
      principal: grant.principal,
      accessToken: tokens.accessToken.reveal(),
      refreshToken: tokens.refreshToken?.reveal(),
      issuedAt: tokens.issuedAt,
      lifetimeMs: tokens.lifetimeMs,
      user: grant.user,
      redirectUri: grant.redirectUri,
      refreshPending: grant.refreshPending,
      reauthorization: grant.reauthorization,
    }),
  }
}

/**
 * Reads a grant from the store.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_STORE_CORRUPTED` when it is not what was written for this
 *   principal; the row stays as it is
 */
export function decodeGrant(record: StoredRecord, principal: string): Grant {
  const value = parse(record.value)
  const { accessToken, refreshToken, issuedAt, lifetimeMs } = value
  if (
    value['v'] !== 1 ||
    value['principal'] !== principal ||
    typeof accessToken !== 'string' ||
    typeof issuedAt !== 'number' ||
    typeof lifetimeMs !== 'number'
  ) {
    throw corrupted()
  }
  return {
    generation: record.generation,
    principal,
    tokens: {
      accessToken: new Secret(accessToken),
      refreshToken: typeof refreshToken === 'string' ? new Secret(refreshToken) : undefined,
      issuedAt,
      lifetimeMs,
    },
    user: toUser(value['user']),
    redirectUri: typeof value['redirectUri'] === 'string' ? value['redirectUri'] : undefined,
    refreshPending: toPending(value['refreshPending']),
    reauthorization: toMark(value['reauthorization']),
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    // The error of JSON.parse quotes the text, and the text has tokens.
    throw corrupted()
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function toUser(value: unknown): ProcoreUser | undefined {
  if (!isRecord(value)) return undefined
  const { id, login, name } = value
  const valid = typeof id === 'string' && typeof login === 'string' && typeof name === 'string'
  return valid ? { id, login, name } : undefined
}

function toPending(value: unknown): Grant['refreshPending'] {
  return isRecord(value) && typeof value['since'] === 'number'
    ? { since: value['since'] }
    : undefined
}

function toMark(value: unknown): ReauthorizationMark | undefined {
  if (!isRecord(value)) return undefined
  const { reason, since } = value
  return typeof reason === 'string' && typeof since === 'number' ? { reason, since } : undefined
}

function corrupted(): ProcoreAuthError {
  return new ProcoreAuthError(
    'ERR_PROCORE_STORE_CORRUPTED',
    'The stored grant is not what was written. It was left untouched: restore it, or have the user sign in again',
  )
}
