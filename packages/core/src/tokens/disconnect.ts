import type { Clock } from '../clock.js'
import { ProcoreAuthError, TokenRequestError } from '../errors.js'
import type { Secret } from '../redact.js'
import type { TokenSet } from '../token-set.js'
import type { Grant } from './grant.js'
import type { GrantStore } from './grant-store.js'
import { withLease } from './lease.js'
import { type GrantRef, newGeneration, type RefreshConfig } from './refresh.js'

/** What ending a grant needs. */
export interface DisconnectConfig {
  readonly grants: GrantStore
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
  readonly refresh: RefreshConfig['refresh']
  readonly revoke: RefreshConfig['revoke']
  readonly inspect: (accessToken: Secret) => Promise<'valid' | 'invalid'>
}

/**
 * Revokes a grant, checks that it is dead, and deletes it, all under its lease, so that no refresh
 * brings it back to life.
 *
 * Procore answers 200 to a revocation also when it did nothing, above all for the refresh token of
 * an expired access token. So a pair is revoked by an access token that works, and `token/info` is
 * asked afterwards; where the access token is dead, the pair is refreshed first.
 *
 * @returns false when there was no grant
 * @throws {ProcoreAuthError} `ERR_PROCORE_DISCONNECT_FAILED`; the grant is kept
 */
export async function disconnectGrant(config: DisconnectConfig, ref: GrantRef): Promise<boolean> {
  return withLease(config, ref.key, {
    settled: async () => undefined,
    work: async () => {
      const grant = await config.grants.read(ref.key, ref.principal)
      if (!grant) return false
      const generation = await endAtProcore(config, ref, grant)
      if (await config.grants.delete(ref.key, generation)) return true
      throw failed('someone signed in again meanwhile')
    },
  })
}

/** Ends the grant and returns the generation that is stored then. */
async function endAtProcore(
  config: DisconnectConfig,
  ref: GrantRef,
  grant: Grant,
): Promise<string> {
  let current = grant
  if ((await config.inspect(grant.tokens.accessToken)) === 'invalid') {
    const tokens = await revive(config, grant)
    if (!tokens) return grant.generation
    current = { ...grant, tokens, generation: newGeneration(config), reauthorization: undefined }
    await keepRevived(config, ref, { revived: current, replaces: grant.generation })
    // In Doorkeeper's on-use mode the pair before this one lives until this one is presented.
    await config.inspect(tokens.accessToken)
  }
  await config.revoke(current.tokens.accessToken)
  if ((await config.inspect(current.tokens.accessToken)) === 'valid') {
    throw failed('the access token still works after it was revoked')
  }
  return current.generation
}

/** Brings a working pair for a dead access token, or `undefined` when its refresh token is dead too. */
async function revive(config: DisconnectConfig, grant: Grant): Promise<TokenSet | undefined> {
  if (!grant.tokens.refreshToken) return undefined
  try {
    return await config.refresh(grant.tokens.refreshToken, grant.redirectUri)
  } catch (error) {
    if (error instanceof TokenRequestError && error.oauthError === 'invalid_grant') return undefined
    throw error
  }
}

/** Stores a revived pair until it is revoked; one that cannot be stored is revoked at once. */
async function keepRevived(
  config: DisconnectConfig,
  ref: GrantRef,
  { revived, replaces }: { readonly revived: Grant; readonly replaces: string },
): Promise<void> {
  let kept = false
  try {
    kept = await config.grants.write(ref.key, revived, replaces)
  } finally {
    if (!kept) await config.revoke(revived.tokens.accessToken)
  }
  if (!kept) throw failed('someone signed in again meanwhile')
}

function failed(why: string): ProcoreAuthError {
  return new ProcoreAuthError(
    'ERR_PROCORE_DISCONNECT_FAILED',
    `The connection could not be ended: ${why}. It is kept; try again`,
  )
}
