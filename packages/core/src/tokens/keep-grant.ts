import type { Clock } from '../clock.js'
import { ProcoreAuthError, ReauthorizationRequiredError } from '../errors.js'
import type { Secret } from '../redact.js'
import type { Expiry } from './expiry.js'
import type { Grant } from './grant.js'
import type { GrantStore } from './grant-store.js'
import type { GrantRef, RefreshConfig } from './renewal.js'

/** A pair that Procore has just issued, and the generation that it takes the place of. */
export interface NewPair {
  readonly grant: Grant
  /** `undefined` where nothing was stored. */
  readonly replaces: string | undefined
  /** How long a failing store is tried again. */
  readonly patienceMs: number
}

/** Pairs that no store has taken yet, by key. While this process lives, they are not lost. */
export type UnsavedGrants = Map<string, Pick<NewPair, 'grant' | 'replaces'>>

/** How long a refresh waits for a store that fails, while it holds the lease. */
export const PATIENCE_MS = 30_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2_000

/** What keeping needs. */
export interface KeepConfig {
  readonly grants: GrantStore
  readonly expiry: Expiry
  readonly unsaved: UnsavedGrants
  readonly clock: Clock
  readonly notify: RefreshConfig['notify']
  readonly revoke: (accessToken: Secret) => Promise<void>
}

/**
 * Stores a new pair before anyone uses it: it is the only copy of what Procore now honours. It may
 * come late, and takes the place of its predecessor also where that was given up meanwhile. When
 * somebody has signed in, disconnected or rotated instead, theirs counts and this pair is revoked.
 *
 * @returns the stored grant
 * @throws {ProcoreAuthError} `ERR_PROCORE_STORE_UNAVAILABLE`; the pair is kept in memory, and the
 *   next call for this grant tries again
 */
export async function keepGrant(config: KeepConfig, ref: GrantRef, pair: NewPair): Promise<Grant> {
  config.unsaved.set(ref.key, pair)
  const stored = await writePatiently(config, ref, pair)
  config.unsaved.delete(ref.key)
  if (stored) {
    const expiresAt = config.expiry.expiresAt(pair.grant.tokens)
    config.notify('tokens-refreshed', { principal: ref.principal, expiresAt })
    return pair.grant
  }
  await revokeUnstorable(config, ref, pair.grant)
  const current = await config.grants.read(ref.key, ref.principal)
  if (current && !current.reauthorization) return current
  throw new ReauthorizationRequiredError({
    principal: ref.principal,
    ...(current?.reauthorization ?? { reason: 'not-connected' }),
  })
}

async function writePatiently(config: KeepConfig, ref: GrantRef, pair: NewPair): Promise<boolean> {
  const deadline = config.clock.now() + pair.patienceMs
  let pause = FIRST_PAUSE_MS
  for (;;) {
    try {
      if (await config.grants.write(ref.key, pair.grant, pair.replaces)) return true
      // An earlier attempt may have arrived although its answer did not.
      return (await config.grants.generation(ref.key)) === pair.grant.generation
    } catch (error) {
      if (config.clock.now() + pause > deadline) throw error
      await config.clock.sleep(pause)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }
}

async function revokeUnstorable(config: KeepConfig, ref: GrantRef, grant: Grant): Promise<void> {
  try {
    await config.revoke(grant.tokens.accessToken)
  } catch (error) {
    if (!(error instanceof ProcoreAuthError)) throw error
    config.notify('refresh-failed', { principal: ref.principal, error })
  }
}

/** Names a new pair. */
export function newGeneration(config: { randomBytes: (size: number) => Buffer }): string {
  return config.randomBytes(16).toString('hex')
}
