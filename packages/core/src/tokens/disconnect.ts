import type { Clock } from '../clock.js'
import { ProcoreAuthError, TokenRequestError } from '../errors.js'
import type { Secret } from '../redact.js'
import type { Grant } from './grant.js'
import type { GrantStore } from './grant-store.js'
import { newGeneration } from './keep-grant.js'
import { type Lease, withLease } from './lease.js'
import type { GrantRef, RefreshConfig } from './renewal.js'

/** What ending a grant needs. */
export interface DisconnectConfig {
  readonly grants: GrantStore
  readonly clock: Clock
  readonly randomBytes: (size: number) => Buffer
  readonly refresh: RefreshConfig['refresh']
  readonly revoke: RefreshConfig['revoke']
  readonly inspect: (accessToken: Secret) => Promise<'valid' | 'invalid'>
}

/** How wrong the clock of a machine may be. */
const CLOCK_ERROR_MS = 10 * 60_000
/** Pairs that may expire one after the other before their revocation reaches Procore. */
const ATTEMPTS = 3

/**
 * Revokes a grant, checks that it is dead, and deletes it, all under its lease, so that no refresh
 * brings it back to life.
 *
 * Procore answers 200 to a revocation also when it did nothing, above all for the refresh token of
 * an expired access token. So a pair is revoked by an access token that works, and `token/info` is
 * asked afterwards; where the access token is dead, the pair is refreshed first. An access token that
 * may have expired while it was revoked proves nothing: then its refresh token is tried.
 *
 * @returns false when there was no grant
 * @throws {ProcoreAuthError} `ERR_PROCORE_DISCONNECT_FAILED`; the grant is kept
 */
export async function disconnectGrant(config: DisconnectConfig, ref: GrantRef): Promise<boolean> {
  return withLease({ ...config, leases: config.grants }, ref.key, {
    settled: async () => undefined,
    work: async (lease) => {
      const grant = await config.grants.read(ref.key, ref.principal)
      if (!grant) return false
      const generation = await endAtProcore({ config, ref, lease }, grant)
      if (await config.grants.delete(ref.key, generation)) return true
      // A store that repeats a deletion whose answer was lost finds nothing any more.
      if ((await config.grants.generation(ref.key)) === undefined) return true
      throw failed('someone signed in again meanwhile')
    },
  })
}

interface Task {
  readonly config: DisconnectConfig
  readonly ref: GrantRef
  readonly lease: Lease
}

/** Ends the grant and returns the generation that is stored then. */
async function endAtProcore(task: Task, grant: Grant): Promise<string> {
  const { config } = task
  let current = grant
  let works = (await config.inspect(grant.tokens.accessToken)) === 'valid'
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (works) {
      await config.revoke(current.tokens.accessToken)
      if ((await config.inspect(current.tokens.accessToken)) === 'valid') {
        throw failed('the access token still works after it was revoked')
      }
      if (isFarFromExpiry(config, current)) return current.generation
    }
    const revived = await revive(task, current)
    if (!revived) return current.generation
    current = revived
    works = true
    // In Doorkeeper's on-use mode the pair before this one lives until this one is presented.
    await config.inspect(current.tokens.accessToken)
  }
  throw failed('its tokens expire before they can be revoked')
}

function isFarFromExpiry({ clock }: DisconnectConfig, { tokens }: Grant): boolean {
  return clock.now() + CLOCK_ERROR_MS < tokens.issuedAt + tokens.lifetimeMs
}

/** Brings and stores a working pair for a dead one, or `undefined` when its refresh token is dead too. */
async function revive(task: Task, grant: Grant): Promise<Grant | undefined> {
  const { config, ref, lease } = task
  const { refreshToken } = grant.tokens
  if (!refreshToken) return undefined
  if (!lease.isHeld()) throw leaseLost()
  // Like before any refresh: whoever comes after a crash or a lost answer has to know of this one.
  const intent: Grant = { ...grant, refreshPending: { since: config.clock.now() } }
  if (!(await config.grants.write(ref.key, intent, grant.generation))) {
    throw failed('someone signed in again meanwhile')
  }
  if (!lease.isHeld()) throw leaseLost()
  try {
    const revived: Grant = {
      ...grant,
      tokens: await config.refresh(refreshToken, grant.redirectUri),
      generation: newGeneration(config),
      refreshPending: undefined,
      reauthorization: undefined,
    }
    await keepRevived(config, ref, { revived, replaces: grant.generation })
    return revived
  } catch (error) {
    if (!(error instanceof TokenRequestError)) throw error
    if (error.oauthError === 'invalid_grant') return undefined
    if (error.outcome !== 'unknown' && lease.isHeld()) {
      // Nothing was spent, so nobody needs to wait for this attempt.
      await config.grants.write(ref.key, grant, grant.generation).catch(() => false)
    }
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

function leaseLost(): ProcoreAuthError {
  return failed('it took so long that another process may have begun to work on this grant')
}

function failed(why: string): ProcoreAuthError {
  return new ProcoreAuthError(
    'ERR_PROCORE_DISCONNECT_FAILED',
    `The connection could not be ended: ${why}. It is kept; try again`,
  )
}
